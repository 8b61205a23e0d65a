package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// echoServer answers every request at once with success, stores nothing and checks nothing: what
// the generator reaches against it is the generator's own ceiling.
type echoServer struct {
	loop     *socketLoop
	records  []byte // body of a pull answer of 32 records; queue and offset are patched
	recordAt []int
	nextConn int
}

// What a broker says to a send, and where it says that a queue ends; offset 0 is where it begins.
const (
	echoSendAnswer = `{"code":0,"extFields":{"queueId":"0","TRACE_ON":"true","MSG_REGION":"DefaultRegion","msgId":"7F000001000078BF0000000000000000","queueOffset":"0","offset":"0","transactionId":"FD000000000000000000000000000002"},"flag":1,"language":"JAVA","opaque":`
	echoQueueEnd   = `{"code":0,"extFields":{"offset":"1000000"},"flag":1,"language":"JAVA","opaque":`
)

func serveEcho(port int) error {
	server := &echoServer{}
	loop, err := newSocketLoop(server)
	if err != nil {
		return err
	}
	server.loop = loop
	listener, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return err
	}
	fmt.Printf("{\"mode\":\"echo\",\"port\":%d,\"pid\":%d}\n", listener.Addr().(*net.TCPAddr).Port, os.Getpid())
	accepted := make(chan int, 1024)
	go acceptAll(listener.(*net.TCPListener), accepted)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, syscall.SIGINT)
	return loop.run(func(int64) error {
		for {
			select {
			case fd := <-accepted:
				if _, err := loop.adopt(server.nextConn, fd); err != nil {
					return err
				}
				server.nextConn++
			case <-stop:
				loop.stop()
				return nil
			default:
				return nil
			}
		}
	})
}

// acceptAll passes accepted descriptors on; the loop looks for them when idle and every 100 ms.
func acceptAll(listener *net.TCPListener, accepted chan<- int) {
	for {
		socket, err := listener.AcceptTCP()
		if err != nil {
			return
		}
		socket.SetNoDelay(true)
		file, err := socket.File()
		if err != nil {
			continue
		}
		fd, err := syscall.Dup(int(file.Fd()))
		file.Close()
		socket.Close()
		if err == nil {
			accepted <- fd
		}
	}
}

func (s *echoServer) onTimer(int64, uint64) error       { return nil }
func (s *echoServer) onClosed(*connection, error) error { return nil }

func (s *echoServer) onFrame(c *connection, frame []byte, _ int64) error {
	request, err := parseResponse(frame)
	if err != nil {
		return err
	}
	code, opaque := request.code, request.opaque
	start := len(c.out)
	c.out = append(c.out, 0, 0, 0, 0, 0, 0, 0, 0)
	if code == codeGetMaxOffset {
		c.out = append(c.out, echoQueueEnd...)
	} else {
		c.out = append(c.out, echoSendAnswer...)
	}
	c.out = strconv.AppendInt(c.out, int64(opaque), 10)
	c.out = append(c.out, `,"serializeTypeCurrentRPC":"JSON","version":513}`...)
	binary.BigEndian.PutUint32(c.out[start+4:], uint32(len(c.out)-start-8))
	if code == codePullMessage {
		c.out = s.appendRecords(c.out, request)
	}
	binary.BigEndian.PutUint32(c.out[start:], uint32(len(c.out)-start-4))
	return nil
}

func (s *echoServer) appendRecords(dst []byte, request response) []byte {
	if s.records == nil {
		s.buildRecords()
	}
	queueText, _ := request.extField("queueId")
	offsetText, _ := request.extField("queueOffset")
	countText, _ := request.extField("maxMsgNums")
	queueID, _ := strconv.Atoi(queueText)
	queueOffset, _ := strconv.ParseInt(offsetText, 10, 64)
	count, _ := strconv.Atoi(countText)
	count = min(count, len(s.recordAt))
	start := len(dst)
	dst = append(dst, s.records[:count*len(s.records)/len(s.recordAt)]...)
	for i := 0; i < count; i++ {
		record := dst[start+s.recordAt[i]:]
		binary.BigEndian.PutUint32(record[12:], uint32(queueID))
		binary.BigEndian.PutUint64(record[20:], uint64(queueOffset)+uint64(i))
	}
	return dst
}

func (s *echoServer) buildRecords() {
	const recordBytes, perPull = 1200, 32
	for i := 0; i < perPull; i++ {
		s.recordAt = append(s.recordAt, len(s.records))
		record := make([]byte, recordBytes)
		binary.BigEndian.PutUint32(record, recordBytes)
		binary.BigEndian.PutUint32(record[4:], recordMagicV1)
		s.records = append(s.records, record...)
	}
}
