package main

// A message whose every byte follows from (run, producer, seq), so that whoever reads it can tell whether it is intact.

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"sort"
	"strconv"
	"strings"
)

type message struct {
	id, run, producer string
	seq               int
}

func newMessage(run, producer string, seq int) message {
	return message{id: fmt.Sprintf("%s-%s-%d", run, producer, seq), run: run, producer: producer, seq: seq}
}

// random is a small generator seeded by the identity of the message.
type random uint64

func (r *random) next() uint64 {
	*r ^= *r << 13
	*r ^= *r >> 7
	*r ^= *r << 17
	return uint64(*r)
}

func (m message) seed() random {
	return random(uint64(crc32.ChecksumIEEE([]byte(m.id)))<<20 | 1)
}

// size mixes 32 B to 4 KiB with 2 % of up to 256 KiB, so that records cross the ends of small segments.
func (m message) size() int {
	r := m.seed()
	r.next()
	if r.next()%100 < 2 {
		return 64<<10 + int(r.next()%(192<<10))
	}
	return 32 + int(r.next()%(4<<10))
}

func (m message) body() []byte {
	head := m.run + "|" + m.producer + "|" + strconv.Itoa(m.seq) + "|"
	body := make([]byte, len(head)+m.size())
	copy(body, head)
	r := m.seed()
	for at := len(head); at < len(body); at += 8 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], r.next())
		copy(body[at:], word[:])
	}
	return body
}

func (m message) properties() map[string]string {
	return map[string]string{
		"KEYS": "key-" + m.id, "TAGS": "T" + strconv.Itoa(m.seq%3), "UNIQ_KEY": "U" + m.id, "WAIT": "true",
		"text": "grün 消息 " + strconv.Itoa(m.seq),
	}
}

func encodeProperties(properties map[string]string) string {
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	sort.Strings(names)
	var text strings.Builder
	for _, name := range names {
		text.WriteString(name + "\x01" + properties[name] + "\x02")
	}
	return text.String()
}

func parseProperties(text string) map[string]string {
	properties := map[string]string{}
	for _, pair := range strings.Split(text, "\x02") {
		if name, value, ok := strings.Cut(pair, "\x01"); ok {
			properties[name] = value
		}
	}
	return properties
}

// identify finds out which message a stored record is and whether all of it is as it was sent.
func identify(stored record) (id string, intact bool) {
	parts := bytes.SplitN(stored.body, []byte("|"), 4)
	if len(parts) != 4 {
		return fmt.Sprintf("unreadable@%d", stored.queueOffset), false
	}
	seq, err := strconv.Atoi(string(parts[2]))
	if err != nil {
		return fmt.Sprintf("unreadable@%d", stored.queueOffset), false
	}
	m := newMessage(string(parts[0]), string(parts[1]), seq)
	if !bytes.Equal(stored.body, m.body()) {
		return m.id, false
	}
	for name, value := range m.properties() {
		if stored.properties[name] != value {
			return m.id, false
		}
	}
	return m.id, true
}

// encodeBatch is the body of SEND_BATCH_MESSAGE.
func encodeBatch(messages []message) []byte {
	var out []byte
	for _, m := range messages {
		body := m.body()
		properties := encodeProperties(m.properties())
		size := 4 + 4 + 4 + 4 + 4 + len(body) + 2 + len(properties)
		out = binary.BigEndian.AppendUint32(out, uint32(size))
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint32(out, 0)
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		out = append(out, body...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(properties)))
		out = append(out, properties...)
	}
	return out
}
