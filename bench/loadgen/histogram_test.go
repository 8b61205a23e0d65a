package main

import (
	"math/rand"
	"sort"
	"testing"
)

func TestBucketsCoverEveryValueOnceAndInOrder(t *testing.T) {
	previous := -1
	for ns := int64(0); ns < 200_000; ns++ {
		bucket := bucketOf(ns)
		if bucket != previous && bucket != previous+1 {
			t.Fatalf("%d ns: bucket %d after %d", ns, bucket, previous)
		}
		if ns > upperBoundOf(bucket) || (bucket > 0 && ns <= upperBoundOf(bucket-1)) {
			t.Fatalf("%d ns is outside of its bucket %d", ns, bucket)
		}
		previous = bucket
	}
}

func TestQuantilesAreWithinOnePercentOfTheSortedValues(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	h, other := newHistogram(), newHistogram()
	var values []int64
	for i := 0; i < 50_000; i++ {
		ns := int64(random.ExpFloat64() * 5e6)
		values = append(values, ns)
		if i%2 == 0 {
			h.record(ns)
		} else {
			other.record(ns)
		}
	}
	h.add(other)
	sort.Slice(values, func(i, j int) bool { return values[i] < values[j] })
	for _, share := range []float64{0.5, 0.9, 0.99, 0.999, 1} {
		want := values[min(len(values)-1, int(share*float64(len(values))+0.999999)-1)]
		got := h.quantileNs(share)
		if float64(got) < float64(want) || float64(got) > float64(want)*1.01+1 {
			t.Errorf("quantile %g: %d, sorted values say %d", share, got, want)
		}
	}
	if h.total != 50_000 || h.maxNs != values[len(values)-1] {
		t.Errorf("total %d, max %d", h.total, h.maxNs)
	}
}

func TestQuantileOfNothingIsZero(t *testing.T) {
	if got := newHistogram().quantileNs(0.99); got != 0 {
		t.Errorf("got %d", got)
	}
}
