package main

import "math/bits"

// subBucketBits gives 128 steps per power of two: no value is off by more than 0.8 %.
const subBucketBits = 7

const subBucketCount = 1 << subBucketBits

// histogram counts durations in nanoseconds in log-linear buckets, so that recording costs a
// shift and an increment whatever the value, and two histograms can be added.
type histogram struct {
	counts []uint64
	total  uint64
	sumNs  uint64
	maxNs  int64
}

func newHistogram() *histogram {
	return &histogram{counts: make([]uint64, (64-subBucketBits)*subBucketCount)}
}

func bucketOf(ns int64) int {
	if ns < subBucketCount {
		if ns < 0 {
			return 0
		}
		return int(ns)
	}
	shift := bits.Len64(uint64(ns)) - subBucketBits - 1
	return (shift+1)*subBucketCount + int(uint64(ns)>>uint(shift)) - subBucketCount
}

// upperBoundOf is the largest duration that falls into the bucket.
func upperBoundOf(bucket int) int64 {
	if bucket < subBucketCount {
		return int64(bucket)
	}
	shift := uint(bucket/subBucketCount - 1)
	mantissa := int64(bucket%subBucketCount + subBucketCount)
	return (mantissa+1)<<shift - 1
}

func (h *histogram) record(ns int64) {
	h.counts[bucketOf(ns)]++
	h.total++
	h.sumNs += uint64(max(ns, 0))
	if ns > h.maxNs {
		h.maxNs = ns
	}
}

func (h *histogram) add(other *histogram) {
	for i, n := range other.counts {
		h.counts[i] += n
	}
	h.total += other.total
	h.sumNs += other.sumNs
	h.maxNs = max(h.maxNs, other.maxNs)
}

// quantileNs returns the duration that at least the given share (0..1) of the values do not exceed.
func (h *histogram) quantileNs(share float64) int64 {
	if h.total == 0 {
		return 0
	}
	rank := uint64(share * float64(h.total))
	if float64(rank) < share*float64(h.total) || rank == 0 {
		rank++
	}
	var seen uint64
	for i, n := range h.counts {
		seen += n
		if seen >= rank {
			return min(upperBoundOf(i), h.maxNs)
		}
	}
	return h.maxNs
}
