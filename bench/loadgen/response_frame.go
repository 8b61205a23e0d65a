package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
)

// maxFrameBytes is the frame limit of the protocol; a longer length means that the stream is lost.
const maxFrameBytes = 16 << 20

var (
	codeFirst   = []byte(`{"code":`)
	codeMark    = []byte(`"code":`)
	opaqueMark  = []byte(`"opaque":`)
	flagMark    = []byte(`"flag":`)
	remarkMark  = []byte(`"remark":"`)
	errNotFrame = errors.New("not a remoting frame")
)

// response is what the generator needs of an answer; the slices point into the read buffer.
type response struct {
	code   int
	opaque int
	// isRequest: the broker asks something of us (bit 0 of flag is clear).
	isRequest bool
	header    []byte
	isBinary  bool
	body      []byte
}

// parseResponse reads a frame without its length word. JSON headers are scanned, not parsed: code
// stands first in what Java and our broker write, opaque near the end.
func parseResponse(frame []byte) (response, error) {
	if len(frame) < 4 {
		return response{}, errNotFrame
	}
	word := binary.BigEndian.Uint32(frame)
	headerBytes := int(word & 0xffffff)
	if 4+headerBytes > len(frame) {
		return response{}, errNotFrame
	}
	r := response{header: frame[4 : 4+headerBytes], body: frame[4+headerBytes:]}
	if word>>24 == 1 {
		return parseBinaryHeader(r)
	}
	var ok bool
	if bytes.HasPrefix(r.header, codeFirst) {
		r.code, ok = scanInt(r.header[len(codeFirst):])
	} else if at := bytes.Index(r.header, codeMark); at >= 0 {
		r.code, ok = scanInt(r.header[at+len(codeMark):])
	}
	if !ok {
		return r, errNotFrame
	}
	at := bytes.LastIndex(r.header, opaqueMark)
	if at < 0 {
		return r, errNotFrame
	}
	r.opaque, ok = scanInt(r.header[at+len(opaqueMark):])
	if !ok {
		return r, errNotFrame
	}
	return r, nil
}

func parseBinaryHeader(r response) (response, error) {
	h := r.header
	if len(h) < 13 {
		return r, errNotFrame
	}
	r.isBinary = true
	r.code = int(int16(binary.BigEndian.Uint16(h)))
	r.opaque = int(int32(binary.BigEndian.Uint32(h[5:])))
	r.isRequest = h[12]&1 == 0
	return r, nil
}

// isServerRequest looks at the flag; called only for a frame that answers nothing we asked.
func (r response) isServerRequest() bool {
	if r.isBinary {
		return r.isRequest
	}
	at := bytes.LastIndex(r.header, flagMark)
	flag, ok := 0, false
	if at >= 0 {
		flag, ok = scanInt(r.header[at+len(flagMark):])
	}
	return ok && flag&1 == 0
}

// remark returns the text of an error answer, for reports.
func (r response) remark() string {
	if r.isBinary {
		return ""
	}
	at := bytes.Index(r.header, remarkMark)
	if at < 0 {
		return ""
	}
	text := r.header[at+len(remarkMark):]
	if end := bytes.IndexByte(text, '"'); end >= 0 {
		text = text[:end]
	}
	return string(text[:min(len(text), 200)])
}

// extField finds one extFields value of an answer.
func (r response) extField(key string) (string, bool) {
	if r.isBinary {
		return r.binaryField(key)
	}
	mark := []byte(`"` + key + `":"`)
	at := bytes.Index(r.header, mark)
	if at < 0 {
		return "", false
	}
	value := r.header[at+len(mark):]
	end := bytes.IndexByte(value, '"')
	if end < 0 {
		return "", false
	}
	return string(value[:end]), true
}

func (r response) binaryField(key string) (string, bool) {
	h := r.header
	pos := 13
	if len(h) < pos+4 {
		return "", false
	}
	pos += 4 + int(binary.BigEndian.Uint32(h[pos:]))
	if len(h) < pos+4 {
		return "", false
	}
	for pos += 4; pos+2 <= len(h); {
		keyBytes := int(binary.BigEndian.Uint16(h[pos:]))
		pos += 2
		if pos+keyBytes+4 > len(h) {
			return "", false
		}
		name := string(h[pos : pos+keyBytes])
		pos += keyBytes
		valueBytes := int(binary.BigEndian.Uint32(h[pos:]))
		pos += 4
		if pos+valueBytes > len(h) {
			return "", false
		}
		if name == key {
			return string(h[pos : pos+valueBytes]), true
		}
		pos += valueBytes
	}
	return "", false
}

func scanInt(b []byte) (int, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	value, digits := 0, 0
	for digits < len(b) && digits < 19 && b[digits] >= '0' && b[digits] <= '9' {
		value = value*10 + int(b[digits]-'0')
		digits++
	}
	if negative {
		value = -value
	}
	return value, digits > 0
}

// Record magics. Source: org.apache.rocketmq.common.message.MessageDecoder.
const (
	recordMagicV1 = 0xDAA320A7
	recordMagicV2 = 0xDAA320AB
)

// checkRecords walks the stored messages of a pull answer and checks that they are whole and are
// the consecutive messages of the queue from firstQueueOffset on. With wantBody it also compares
// every body, byte by byte and by its CRC.
func checkRecords(body []byte, queueID int, firstQueueOffset int64, wantBody []byte) (int, error) {
	count := 0
	for len(body) > 0 {
		if len(body) < 88 {
			return count, fmt.Errorf("record %d: %d bytes left, no record is that short", count, len(body))
		}
		size := int(binary.BigEndian.Uint32(body))
		magic := binary.BigEndian.Uint32(body[4:])
		if size < 88 || size > len(body) {
			return count, fmt.Errorf("record %d: size %d, %d bytes left", count, size, len(body))
		}
		if magic != recordMagicV1 && magic != recordMagicV2 {
			return count, fmt.Errorf("record %d: magic %08x", count, magic)
		}
		gotQueue := int(int32(binary.BigEndian.Uint32(body[12:])))
		gotOffset := int64(binary.BigEndian.Uint64(body[20:]))
		if gotQueue != queueID || gotOffset != firstQueueOffset+int64(count) {
			return count, fmt.Errorf("record %d: queue %d offset %d, asked queue %d offset %d",
				count, gotQueue, gotOffset, queueID, firstQueueOffset+int64(count))
		}
		if wantBody != nil {
			if err := checkBody(body[:size], wantBody); err != nil {
				return count, fmt.Errorf("record %d: %w", count, err)
			}
		}
		body = body[size:]
		count++
	}
	return count, nil
}

func checkBody(record, wantBody []byte) error {
	sysFlag := binary.BigEndian.Uint32(record[36:])
	at := 84
	if sysFlag&(1<<4) != 0 {
		at += 12
	}
	if sysFlag&(1<<5) != 0 {
		at += 12
	}
	if at+4 > len(record) {
		return errors.New("no room for a body length")
	}
	bodyBytes := int(binary.BigEndian.Uint32(record[at:]))
	if at+4+bodyBytes > len(record) {
		return fmt.Errorf("body of %d bytes does not fit", bodyBytes)
	}
	body := record[at+4 : at+4+bodyBytes]
	if crc := binary.BigEndian.Uint32(record[8:]); crc != crc32.ChecksumIEEE(body)&0x7fffffff {
		return fmt.Errorf("body CRC %08x does not fit the body", crc)
	}
	if !bytes.Equal(body, wantBody) {
		return errors.New("body differs from what was sent")
	}
	return nil
}
