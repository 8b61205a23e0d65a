package main

import (
	"fmt"
	"time"
)

// outageSummary says for how long the first message of a queue could not be read.
type outageSummary struct {
	Mode string `json:"mode"`
	// LongestGapMs is the longest time between two reads that succeeded.
	LongestGapMs float64 `json:"longestGapMs"`
	// GapEndedAtMs is the wall clock at its end.
	GapEndedAtMs float64 `json:"gapEndedAtMs"`
	Reads        int     `json:"reads"`
	Failures     int     `json:"failures"`
	LastFailure  string  `json:"lastFailure,omitempty"`
}

// probeOutage reads one message over and over, on a new connection whenever one broke, as an impatient consumer would.
func probeOutage(o options) (*outageSummary, error) {
	s := &outageSummary{Mode: "outage"}
	deadline := time.Now().Add(o.duration)
	var lastGood time.Time
	var admin *adminClient
	defer func() {
		if admin != nil {
			admin.close()
		}
	}()
	for ; time.Now().Before(deadline); time.Sleep(attemptPause) {
		var err error
		if admin == nil {
			admin, err = dialAdmin(o.broker)
		}
		if err == nil {
			err = readFirst(admin, o)
			if err != nil {
				admin.close()
				admin = nil
			}
		}
		if err != nil {
			s.Failures++
			s.LastFailure = err.Error()
			continue
		}
		now := time.Now()
		if gap := now.Sub(lastGood); !lastGood.IsZero() && gap.Seconds()*1000 > s.LongestGapMs {
			s.LongestGapMs = gap.Seconds() * 1000
			s.GapEndedAtMs = float64(now.UnixMicro()) / 1000
		}
		lastGood = now
		s.Reads++
	}
	if time.Since(lastGood) > time.Second {
		return nil, fmt.Errorf("not readable at the end: %s", s.LastFailure)
	}
	return s, nil
}

// readFirst pulls the first message of queue 0 and checks that it is one.
func readFirst(admin *adminClient, o options) error {
	admin.opaque++
	frame := appendPull(nil, admin.opaque, o.brokerName, o.topic, 0, 0, 1, 0)
	answer, err := admin.askFrame(frame, admin.opaque)
	if err != nil {
		return err
	}
	if answer.code != 0 {
		return fmt.Errorf("code %d %s", answer.code, answer.remark())
	}
	count, err := checkRecords(answer.body, 0, 0, nil)
	if err == nil && count != 1 {
		err = fmt.Errorf("%d messages instead of one", count)
	}
	return err
}
