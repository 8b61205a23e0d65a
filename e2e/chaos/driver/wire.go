package main

// The wire as a client sees it, written here a second time on purpose: what our own codec and our own server agree on
// proves nothing.

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"time"
)

const (
	codeGetMaxOffset  = 30
	codeGetMinOffset  = 31
	codePull          = 11
	codeSendV2        = 310
	codeSendBatch     = 320
	clientVersion     = 493
	maxFrameBytes     = 32 << 20
	requestTimeout    = 8 * time.Second
	connectTimeout    = 500 * time.Millisecond
	reconnectInterval = 20 * time.Millisecond
)

type frameHeader struct {
	Code      int               `json:"code"`
	ExtFields map[string]string `json:"extFields,omitempty"`
	Flag      int               `json:"flag"`
	Language  string            `json:"language"`
	Opaque    int               `json:"opaque"`
	Remark    string            `json:"remark,omitempty"`
	Serialize string            `json:"serializeTypeCurrentRPC"`
	Version   int               `json:"version"`
}

type answer struct {
	frameHeader
	body []byte
}

var errConnectionLost = errors.New("connection lost")

// connection pairs answers with requests by opaque; it dies as a whole on the first error.
type connection struct {
	socket  net.Conn
	writeMu sync.Mutex
	mu      sync.Mutex
	pending map[int]chan *answer
	opaque  int
	dead    bool
}

func dial(address string) (*connection, error) {
	socket, err := net.DialTimeout("tcp", address, connectTimeout)
	if err != nil {
		return nil, err
	}
	c := &connection{socket: socket, pending: map[int]chan *answer{}}
	go c.readLoop()
	return c, nil
}

func (c *connection) alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.dead
}

func (c *connection) readLoop() {
	reader := bufio.NewReaderSize(c.socket, 256<<10)
	for {
		got, err := readFrame(reader)
		if err != nil {
			c.fail()
			return
		}
		if got.Flag&1 == 0 {
			continue // a request of the server to its client: nothing here answers those
		}
		c.mu.Lock()
		waiting := c.pending[got.Opaque]
		delete(c.pending, got.Opaque)
		c.mu.Unlock()
		if waiting != nil {
			waiting <- got
		}
	}
}

func readFrame(reader io.Reader) (*answer, error) {
	var lengths [8]byte
	if _, err := io.ReadFull(reader, lengths[:]); err != nil {
		return nil, err
	}
	total := int(binary.BigEndian.Uint32(lengths[:4]))
	headerLength := int(binary.BigEndian.Uint32(lengths[4:]) & 0xFFFFFF)
	if lengths[4] != 0 || total > maxFrameBytes || total < headerLength+4 {
		return nil, fmt.Errorf("frame of %d bytes with a header of %d, serialiser %d", total, headerLength, lengths[4])
	}
	rest := make([]byte, total-4)
	if _, err := io.ReadFull(reader, rest); err != nil {
		return nil, err
	}
	got := &answer{body: rest[headerLength:]}
	if err := json.Unmarshal(rest[:headerLength], &got.frameHeader); err != nil {
		return nil, err
	}
	return got, nil
}

// fail wakes everybody who waits: the outcome of what they asked for is unknown.
func (c *connection) fail() {
	c.socket.Close()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.dead = true
	for opaque, waiting := range c.pending {
		close(waiting)
		delete(c.pending, opaque)
	}
}

func (c *connection) call(code int, ext map[string]string, body []byte) (*answer, error) {
	waiting := make(chan *answer, 1)
	c.mu.Lock()
	if c.dead {
		c.mu.Unlock()
		return nil, errConnectionLost
	}
	c.opaque++
	opaque := c.opaque
	c.pending[opaque] = waiting
	c.mu.Unlock()

	header, err := json.Marshal(frameHeader{Code: code, ExtFields: ext, Language: "JAVA", Opaque: opaque, Serialize: "JSON", Version: clientVersion})
	if err != nil {
		return nil, err
	}
	frame := make([]byte, 8, 8+len(header)+len(body))
	binary.BigEndian.PutUint32(frame, uint32(4+len(header)+len(body)))
	binary.BigEndian.PutUint32(frame[4:], uint32(len(header)))
	frame = append(append(frame, header...), body...)

	c.writeMu.Lock()
	_, err = c.socket.Write(frame)
	c.writeMu.Unlock()
	if err != nil {
		c.fail()
		return nil, err
	}
	select {
	case got, open := <-waiting:
		if !open {
			return nil, errConnectionLost
		}
		return got, nil
	case <-time.After(requestTimeout):
		c.fail()
		return nil, errors.New("time-out")
	}
}

// record is one stored message as a pull delivers it.
type record struct {
	queueOffset int64
	body        []byte
	properties  map[string]string
}

func parseRecords(bytes []byte) ([]record, error) {
	var records []record
	for len(bytes) > 0 {
		if len(bytes) < 100 {
			return nil, fmt.Errorf("%d bytes left over behind the last record", len(bytes))
		}
		size := int(binary.BigEndian.Uint32(bytes))
		if size < 91 || size > len(bytes) {
			return nil, fmt.Errorf("record of %d bytes in %d", size, len(bytes))
		}
		parsed, err := parseRecord(bytes[:size])
		if err != nil {
			return nil, err
		}
		records = append(records, parsed)
		bytes = bytes[size:]
	}
	return records, nil
}

func parseRecord(bytes []byte) (record, error) {
	topicLengthBytes := 1
	switch magic := binary.BigEndian.Uint32(bytes[4:]); magic {
	case 0xDAA320A7:
	case 0xDAA320AB:
		topicLengthBytes = 2
	default:
		return record{}, fmt.Errorf("magic %x", magic)
	}
	sysFlag := binary.BigEndian.Uint32(bytes[36:])
	at := 48
	for _, flag := range []uint32{0x10, 0x20} { // born host, then store timestamp and store host
		if sysFlag&flag != 0 {
			at += 20
		} else {
			at += 8
		}
		if flag == 0x10 {
			at += 8
		}
	}
	at += 4 + 8 // reconsume times, prepared transaction offset
	take := func(lengthBytes int) ([]byte, error) {
		if at+lengthBytes > len(bytes) {
			return nil, errors.New("record ends inside a length")
		}
		length := 0
		for _, b := range bytes[at : at+lengthBytes] {
			length = length<<8 | int(b)
		}
		at += lengthBytes
		if at+length > len(bytes) {
			return nil, errors.New("record ends inside a field")
		}
		field := bytes[at : at+length]
		at += length
		return field, nil
	}
	body, err := take(4)
	if err != nil {
		return record{}, err
	}
	if _, err = take(topicLengthBytes); err != nil {
		return record{}, err
	}
	properties, err := take(2)
	if err != nil {
		return record{}, err
	}
	if at != len(bytes) {
		return record{}, fmt.Errorf("record of %d bytes whose fields end at %d", len(bytes), at)
	}
	return record{queueOffset: int64(binary.BigEndian.Uint64(bytes[20:])), body: body, properties: parseProperties(string(properties))}, nil
}

func (c *connection) queueBound(code int, topic string, queue int) (int64, error) {
	got, err := c.call(code, map[string]string{"topic": topic, "queueId": strconv.Itoa(queue)}, nil)
	if err != nil {
		return 0, err
	}
	if got.Code != 0 {
		return 0, fmt.Errorf("code %d: %s", got.Code, got.Remark)
	}
	return strconv.ParseInt(got.ExtFields["offset"], 10, 64)
}

func (c *connection) pull(group, topic string, queue int, from int64) (records []record, next int64, code int, err error) {
	got, err := c.call(codePull, map[string]string{
		"consumerGroup": group, "topic": topic, "queueId": strconv.Itoa(queue), "queueOffset": strconv.FormatInt(from, 10),
		"maxMsgNums": "32", "sysFlag": "4", "commitOffset": "0", "suspendTimeoutMillis": "0", "subscription": "*", "subVersion": "0",
		"expressionType": "TAG",
	}, nil)
	if err != nil {
		return nil, 0, 0, err
	}
	if next, err = strconv.ParseInt(got.ExtFields["nextBeginOffset"], 10, 64); err != nil {
		return nil, 0, got.Code, fmt.Errorf("pull answered %d: %s", got.Code, got.Remark)
	}
	if got.Code == 0 {
		records, err = parseRecords(got.body)
	}
	return records, next, got.Code, err
}
