package main

import (
	"math"
	"testing"
)

const millisecond = int64(1e6)

// steady is a queue that grows by one message a millisecond, seen every millisecond, delayed.
func steady(count int, delayMs int64) []sighting {
	var seen []sighting
	for i := 0; i < count; i++ {
		end := max(int64(i)-delayMs, 0)
		seen = append(seen, sighting{int64(i) * millisecond, end})
	}
	return seen
}

func TestLagOfASlaveThatFollowsAfterFiveMilliseconds(t *testing.T) {
	s, err := summarizeLag(steady(2000, 0), steady(2000, 5)[10:])
	if err != nil {
		t.Fatal(err)
	}
	// the oldest message that is missing appeared four milliseconds ago
	if s.P50Ms != 4 || s.P99Ms != 4 || s.MaxMs != 4 || s.MaxMessages != 5 || s.ShareBehind != 1 {
		t.Errorf("%+v", s)
	}
	if math.Abs(s.MessagesPerSec-1000) > 1 || s.MasterGrowth != 1999 {
		t.Errorf("%+v", s)
	}
}

func TestLagIsZeroWhereBothSeeTheSame(t *testing.T) {
	s, err := summarizeLag(steady(1000, 0), steady(1000, 0))
	if err != nil {
		t.Fatal(err)
	}
	if s.P99Ms != 0 || s.MaxMs != 0 || s.ShareBehind != 0 {
		t.Errorf("%+v", s)
	}
}

func TestAStallOfTheSlaveIsItsGreatestLag(t *testing.T) {
	slave := steady(2000, 0)
	for i := 1000; i < 1300; i++ {
		slave[i].end = 1000
	}
	s, err := summarizeLag(steady(2000, 0), slave)
	if err != nil {
		t.Fatal(err)
	}
	// 300 of 2000 sightings stand still: far more than a hundredth
	if s.MaxMs < 297 || s.MaxMs > 299 || s.P99Ms < 270 || s.P50Ms != 0 || s.MaxMessages != 299 {
		t.Errorf("%+v", s)
	}
}

func TestAMasterThatStandsStillMakesNoLag(t *testing.T) {
	still := func() []sighting { return []sighting{{0, 7}, {millisecond, 7}, {2 * millisecond, 7}} }
	s, err := summarizeLag(still(), still())
	if err != nil || s.MaxMs != 0 {
		t.Errorf("%+v %v", s, err)
	}
}

func TestNothingIsSaidOfASlaveThatWasNeverSeen(t *testing.T) {
	if _, err := summarizeLag(steady(10, 0), nil); err == nil {
		t.Error("no error")
	}
	before := []sighting{{-1, 0}}
	if _, err := summarizeLag(steady(10, 0), before); err == nil {
		t.Error("no error for a slave that was seen before the master only")
	}
}

func TestASlaveFarBehindIsBehindSinceTheProbeBegan(t *testing.T) {
	s, err := summarizeLag([]sighting{{0, 500}, {millisecond, 501}}, []sighting{{millisecond, 3}, {3 * millisecond, 4}})
	if err != nil || s.MaxMs != 3 || s.MaxMessages != 498 || s.ShareBehind != 1 {
		t.Errorf("%+v %v", s, err)
	}
}
