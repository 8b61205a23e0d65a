package main

import "fmt"

// outstandingRequests remembers, per connection, when each unanswered request started. The opaque
// names the slot (opaque modulo slot count), so an answer is matched without a map.
type outstandingRequests struct {
	opaque  []int
	startNs []int64
	free    []int
	busy    int
}

func newOutstandingRequests(slots int) *outstandingRequests {
	o := &outstandingRequests{opaque: make([]int, slots), startNs: make([]int64, slots)}
	for slot := slots - 1; slot >= 0; slot-- {
		o.opaque[slot] = opaqueBase + slot - slots
		o.free = append(o.free, slot)
	}
	return o
}

func (o *outstandingRequests) hasRoom() bool { return len(o.free) > 0 }

// take reserves a slot and gives the opaque to send and the slot's number.
func (o *outstandingRequests) take(startNs int64) (opaque, slot int) {
	slot = o.free[len(o.free)-1]
	o.free = o.free[:len(o.free)-1]
	opaque = o.opaque[slot] + len(o.opaque)
	if opaque >= opaqueLimit {
		opaque = opaqueBase + slot
	}
	o.opaque[slot] = opaque
	o.startNs[slot] = startNs
	o.busy++
	return opaque, slot
}

// settle frees the slot that an answer belongs to. An opaque that is not outstanding is an error:
// a broker that answers twice, or something that was never asked, must not count.
func (o *outstandingRequests) settle(opaque int) (slot int, startNs int64, err error) {
	slot = (opaque - opaqueBase) % len(o.opaque)
	if opaque < opaqueBase || o.opaque[slot] != opaque || o.startNs[slot] == unusedSlot {
		return 0, 0, fmt.Errorf("answer with opaque %d, which is not outstanding", opaque)
	}
	startNs = o.startNs[slot]
	o.startNs[slot] = unusedSlot
	o.free = append(o.free, slot)
	o.busy--
	return slot, startNs, nil
}

// settleBy reads a frame and settles the request that it answers. A request of the server's own answers none of ours:
// its slot is noSlot.
func (o *outstandingRequests) settleBy(frame []byte) (answer response, slot int, startNs int64, err error) {
	answer, err = parseResponse(frame)
	if err != nil {
		return answer, noSlot, 0, err
	}
	slot, startNs, err = o.settle(answer.opaque)
	if err != nil && answer.isServerRequest() {
		return answer, noSlot, 0, nil
	}
	return answer, slot, startNs, err
}

const (
	noSlot     = -1
	unusedSlot = -1 << 62
)
