package main

import (
	"fmt"
	"time"
)

// acknowledgement says when the first send was answered with success.
type acknowledgement struct {
	Mode string `json:"mode"`
	// RouteAtMs and ConnectedAtMs are wall-clock times in milliseconds; 0: not asked for.
	RouteAtMs        float64 `json:"routeAtMs"`
	ConnectedAtMs    float64 `json:"connectedAtMs"`
	AcknowledgedAtMs float64 `json:"acknowledgedAtMs"`
	// Refusals counts answers with another code, LastRefusal is the last of them.
	Refusals    int    `json:"refusals"`
	LastRefusal string `json:"lastRefusal,omitempty"`
	Attempts    int    `json:"attempts"`
}

const attemptPause = 4 * time.Millisecond

// awaitFirstAcknowledgement tries again and again, as an impatient client would: the nameserver's
// route (when an address is given), then a connection to the broker, then a send.
func awaitFirstAcknowledgement(nameserver, broker, brokerName, topic string, timeout time.Duration) (*acknowledgement, error) {
	result := &acknowledgement{Mode: "first-ack"}
	deadline := time.Now().Add(timeout)
	frame := newSendTemplate(sendShape{
		topicPrefix: topic, topicCount: 1, brokerName: brokerName, tag: "TagA", body: bodyOf(1024),
	}, 0, "0000000000000000").frame
	var lastErr error
	for ; time.Now().Before(deadline); time.Sleep(attemptPause) {
		result.Attempts++
		if nameserver != "" && result.RouteAtMs == 0 {
			if lastErr = askRoute(nameserver); lastErr != nil {
				continue
			}
			result.RouteAtMs = wallClockMs()
		}
		if lastErr = sendUntilRefused(result, broker, frame, deadline); lastErr == nil {
			return result, nil
		}
	}
	return nil, fmt.Errorf("no send acknowledged within %s: %v", timeout, lastErr)
}

// awaitRoute returns when a broker has registered.
func awaitRoute(nameserver string, timeout time.Duration) error {
	deadline := time.Now().Add(timeout)
	for {
		err := askRoute(nameserver)
		if err == nil {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("no route within %s: %w", timeout, err)
		}
		time.Sleep(attemptPause)
	}
}

func askRoute(nameserver string) error {
	admin, err := dialAdmin(nameserver)
	if err != nil {
		return err
	}
	defer admin.close()
	_, err = admin.mustAsk("route of "+templateTopic, codeGetRouteByTopic, []field{{"topic", templateTopic}})
	return err
}

// sendUntilRefused keeps one connection as long as the broker answers at all.
func sendUntilRefused(result *acknowledgement, broker string, frame []byte, deadline time.Time) error {
	admin, err := dialAdmin(broker)
	if err != nil {
		return err
	}
	defer admin.close()
	result.ConnectedAtMs = wallClockMs()
	for {
		answer, err := admin.askFrame(frame, opaqueBase)
		if err != nil {
			return err
		}
		if answer.code == 0 {
			result.AcknowledgedAtMs = wallClockMs()
			return nil
		}
		result.Refusals++
		result.LastRefusal = fmt.Sprintf("code %d %s", answer.code, answer.remark())
		if time.Now().After(deadline) {
			return fmt.Errorf("refused: %s", result.LastRefusal)
		}
		time.Sleep(attemptPause)
	}
}

func wallClockMs() float64 { return float64(time.Now().UnixMicro()) / 1000 }
