package main

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Opaques of what an orderly member sends beside its pulls, below those of the pulls.
const (
	heartbeatOpaque = 1
	lockOpaque      = 2
)

// orderlyMember is what makes a connection an orderly consumer: a heartbeat with its group, and a
// request for the locks of its queues, as the official push consumer sends them.
type orderlyMember struct {
	frames     []byte
	queueCount int
	isAnswered bool
}

func newOrderlyMember(connection int, brokerName, topic string, queueIDs []int) (*orderlyMember, error) {
	clientID := fmt.Sprintf("127.0.0.1@bench-%d", connection)
	queues := make([]map[string]any, len(queueIDs))
	for i, id := range queueIDs {
		queues[i] = map[string]any{"brokerName": brokerName, "queueId": id, "topic": topic}
	}
	heartbeat, err := json.Marshal(map[string]any{
		"clientID": clientID,
		"consumerDataSet": []any{map[string]any{
			"consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "consumeType": "CONSUME_PASSIVELY",
			"groupName": consumerGroup, "messageModel": "CLUSTERING", "unitMode": false,
			"subscriptionDataSet": []any{map[string]any{
				"classFilterMode": false, "codeSet": []int{}, "expressionType": "TAG",
				"subString": "*", "subVersion": 0, "tagsSet": []string{}, "topic": topic,
			}},
		}},
		"producerDataSet": []any{},
	})
	if err != nil {
		return nil, err
	}
	locks, err := json.Marshal(map[string]any{
		"clientId": clientID, "consumerGroup": consumerGroup, "mqSet": queues, "onlyThisBroker": false,
	})
	if err != nil {
		return nil, err
	}
	m := &orderlyMember{queueCount: len(queueIDs), isAnswered: true}
	m.frames = appendRequest(nil, codeHeartBeat, heartbeatOpaque, 0, nil, heartbeat)
	m.frames = appendRequest(m.frames, codeLockBatchMQ, lockOpaque, 0, nil, locks)
	return m, nil
}

// renew asks for the locks, again or for the first time.
func (m *orderlyMember) renew(c *connection) error {
	if !m.isAnswered {
		return fmt.Errorf("connection %d: the locks were not granted until they were due again", c.id)
	}
	m.isAnswered = false
	c.out = append(c.out, m.frames...)
	return nil
}

// take looks at an answer to what renew sent: every queue has to be among those that were locked.
func (m *orderlyMember) take(answer response) error {
	if answer.code != 0 {
		return fmt.Errorf("orderly member: code %d %s", answer.code, answer.remark())
	}
	if answer.opaque != lockOpaque {
		return nil
	}
	m.isAnswered = true
	if locked := bytes.Count(answer.body, []byte(`"queueId"`)); locked != m.queueCount {
		return fmt.Errorf("orderly member: %d of %d queues locked", locked, m.queueCount)
	}
	return nil
}
