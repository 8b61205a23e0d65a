package main

import (
	"errors"
	"fmt"
	"sort"
	"time"
)

// sighting is one answer of a broker about the end of a queue.
type sighting struct {
	atNs int64 // middle between question and answer, since the probe began
	end  int64
}

// lagSummary says how far a slave was behind its master. The lag at a moment is the age of the oldest message that
// readers of the master could see then and readers of the slave could not; zero when there is none.
type lagSummary struct {
	Mode            string  `json:"mode"`
	Samples         int     `json:"samples"`
	ShareBehind     float64 `json:"shareBehind"`
	P50Ms           float64 `json:"p50Ms"`
	P99Ms           float64 `json:"p99Ms"`
	MaxMs           float64 `json:"maxMs"`
	MaxMessages     int64   `json:"maxMessages"`
	ResolutionMs    float64 `json:"resolutionMs"` // mean distance of the sightings at the master
	MasterGrowth    int64   `json:"masterGrowth"`
	MessagesPerSec  float64 `json:"messagesPerSecond"`
	AskRoundTripP99 float64 `json:"askRoundTripP99Ms"`
}

const lagPollPause = time.Millisecond

// probeLag asks both brokers for the end of one queue, every millisecond, for as long as the run lasts.
func probeLag(o options) (*lagSummary, error) {
	startedAt := time.Now()
	type outcome struct {
		seen       []sighting
		roundTrips []float64
		err        error
	}
	watch := func(address string, result chan<- outcome) {
		seen, roundTrips, err := watchQueueEnd(address, o.topic, startedAt, o.warmUp, o.warmUp+o.duration)
		result <- outcome{seen, roundTrips, err}
	}
	fromMaster, fromSlave := make(chan outcome, 1), make(chan outcome, 1)
	go watch(o.broker, fromMaster)
	go watch(o.slave, fromSlave)
	master, slave := <-fromMaster, <-fromSlave
	if err := errors.Join(master.err, slave.err); err != nil {
		return nil, err
	}
	summary, err := summarizeLag(master.seen, slave.seen)
	if err != nil {
		return nil, err
	}
	summary.AskRoundTripP99 = quantile(append(master.roundTrips, slave.roundTrips...), 0.99)
	return summary, nil
}

func watchQueueEnd(address, topic string, startedAt time.Time, from, to time.Duration) ([]sighting, []float64, error) {
	admin, err := dialAdmin(address)
	if err != nil {
		return nil, nil, err
	}
	defer admin.close()
	var seen []sighting
	var roundTrips []float64
	time.Sleep(from - time.Since(startedAt))
	for {
		asked := time.Since(startedAt)
		if asked >= to {
			return seen, roundTrips, nil
		}
		end, err := admin.queueEnd(codeGetMaxOffset, topic, 0)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", address, err)
		}
		answered := time.Since(startedAt)
		seen = append(seen, sighting{int64(asked+answered) / 2, end})
		roundTrips = append(roundTrips, float64(answered-asked)/1e6)
		time.Sleep(lagPollPause)
	}
}

// summarizeLag gives each sighting at the slave the time since the master's queue first went beyond it.
func summarizeLag(master, slave []sighting) (*lagSummary, error) {
	if len(master) < 2 || len(slave) == 0 {
		return nil, errors.New("too few answers to say anything about lag")
	}
	last := len(master) - 1
	s := &lagSummary{Mode: "lag", MasterGrowth: master[last].end - master[0].end}
	spanNs := float64(master[last].atNs - master[0].atNs)
	s.ResolutionMs = spanNs / 1e6 / float64(last)
	s.MessagesPerSec = float64(s.MasterGrowth) / (spanNs / 1e9)
	var lags []float64
	behind := 0
	for _, at := range slave {
		if at.atNs < master[0].atNs {
			continue // what the master had then was not seen
		}
		// the first sighting at the master that lies beyond what the slave has
		beyond := sort.Search(len(master), func(i int) bool { return master[i].end > at.end })
		lag := 0.0
		if beyond <= last && master[beyond].atNs < at.atNs {
			// beyond all that was seen: at least since the probe began
			crossedNs := master[0].atNs
			if beyond > 0 {
				crossedNs = crossedAtNs(master[beyond-1], master[beyond], at.end)
			}
			lag = float64(at.atNs-crossedNs) / 1e6
		}
		if lag > 0 {
			behind++
		}
		lags = append(lags, lag)
		s.MaxMs = max(s.MaxMs, lag)
		seenBy := sort.Search(len(master), func(i int) bool { return master[i].atNs > at.atNs })
		s.MaxMessages = max(s.MaxMessages, master[seenBy-1].end-at.end)
	}
	if len(lags) == 0 {
		return nil, errors.New("the slave was never seen after the master")
	}
	s.Samples, s.ShareBehind = len(lags), float64(behind)/float64(len(lags))
	s.P50Ms, s.P99Ms = quantile(lags, 0.5), quantile(lags, 0.99)
	return s, nil
}

// crossedAtNs is when the message at offset end appeared, between the last sighting without and the first one with it.
func crossedAtNs(before, after sighting, end int64) int64 {
	share := float64(end+1-before.end) / float64(after.end-before.end)
	return before.atNs + int64(share*float64(after.atNs-before.atNs))
}

func quantile(values []float64, q float64) float64 {
	sorted := append([]float64(nil), values...)
	sort.Float64s(sorted)
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
