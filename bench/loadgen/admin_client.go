package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// adminClient asks one thing after the other: topics before a run, queue ends after it.
type adminClient struct {
	socket net.Conn
	opaque int
	buffer []byte
}

const adminTimeout = 15 * time.Second

func dialAdmin(address string) (*adminClient, error) {
	socket, err := net.DialTimeout("tcp", address, adminTimeout)
	if err != nil {
		return nil, err
	}
	return &adminClient{socket: socket, opaque: opaqueBase}, nil
}

func (a *adminClient) close() { a.socket.Close() }

// ask sends one request and waits for its answer, whatever its code.
func (a *adminClient) ask(code int, fields []field, body []byte) (response, error) {
	a.opaque++
	return a.askFrame(appendRequest(nil, code, a.opaque, 0, fields, body), a.opaque)
}

func (a *adminClient) askFrame(frame []byte, opaque int) (response, error) {
	a.socket.SetDeadline(time.Now().Add(adminTimeout))
	if _, err := a.socket.Write(frame); err != nil {
		return response{}, err
	}
	for {
		var length [4]byte
		if _, err := io.ReadFull(a.socket, length[:]); err != nil {
			return response{}, err
		}
		frameBytes := int(binary.BigEndian.Uint32(length[:]))
		if frameBytes > maxFrameBytes {
			return response{}, errNotFrame
		}
		a.buffer = make([]byte, frameBytes)
		if _, err := io.ReadFull(a.socket, a.buffer); err != nil {
			return response{}, err
		}
		answer, err := parseResponse(a.buffer)
		if err != nil {
			return response{}, err
		}
		if answer.opaque == opaque && !answer.isServerRequest() {
			return answer, nil
		}
	}
}

func (a *adminClient) mustAsk(what string, code int, fields []field) (response, error) {
	answer, err := a.ask(code, fields, nil)
	if err != nil {
		return answer, fmt.Errorf("%s: %w", what, err)
	}
	if answer.code != 0 {
		return answer, fmt.Errorf("%s: code %d %s", what, answer.code, answer.remark())
	}
	return answer, nil
}

// createTopics creates or updates the topics at the broker, readable and writable.
func (a *adminClient) createTopics(prefix string, topicCount, queueCount int) error {
	queues := strconv.Itoa(queueCount)
	for i := 0; i < topicCount; i++ {
		topic := topicName(prefix, i, topicCount)
		_, err := a.mustAsk("create topic "+topic, codeUpdateAndCreateTopic, []field{
			{"topic", topic}, {"defaultTopic", templateTopic}, {"readQueueNums", queues},
			{"writeQueueNums", queues}, {"perm", "6"}, {"topicFilterType", "SINGLE_TAG"},
			{"topicSysFlag", "0"}, {"order", "false"}, {"attributes", ""},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// queueEnd asks for the next offset to be written (or, with codeGetMinOffset, the first readable).
func (a *adminClient) queueEnd(code int, topic string, queueID int) (int64, error) {
	what := fmt.Sprintf("offset of %s queue %d", topic, queueID)
	answer, err := a.mustAsk(what, code, []field{{"topic", topic}, {"queueId", strconv.Itoa(queueID)}})
	if err != nil {
		return 0, err
	}
	text, _ := answer.extField("offset")
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: %q", what, text)
	}
	return value, nil
}

// storedCount adds up the max offsets of all queues of the topics: how many messages the broker
// says it ever stored in them.
func (a *adminClient) storedCount(prefix string, topicCount, queueCount int) (int64, error) {
	var sum int64
	for i := 0; i < topicCount; i++ {
		topic := topicName(prefix, i, topicCount)
		for q := 0; q < queueCount; q++ {
			end, err := a.queueEnd(codeGetMaxOffset, topic, q)
			if err != nil {
				return 0, err
			}
			sum += end
		}
	}
	return sum, nil
}
