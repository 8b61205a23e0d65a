package main

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"
)

// Recorded from rocketmq-client 5.5.0; only the unique keys are shortened to 32 characters.
const (
	recordedSend  = `{"code":310,"extFields":{"a":"bench_producer","b":"BenchTopic","c":"TBW102","d":"4","e":"3","f":"0","g":"1795253327654","h":"0","i":"KEYS\u0001key1\u0002UNIQ_KEY\u0001FD000000000000000000000000000002\u0002WAIT\u0001true\u0002TAGS\u0001TagA\u0002","j":"0","k":"false","m":"false","n":"bench-broker"},"flag":0,"language":"JAVA","opaque":5,"serializeTypeCurrentRPC":"JSON","version":513}`
	recordedBatch = `{"code":320,"extFields":{"a":"bench_producer","b":"BenchTopic","c":"TBW102","d":"4","e":"1","f":"0","g":"1795253328947","h":"0","i":"UNIQ_KEY\u0001FD000000000000000000000000000004\u0002WAIT\u0001true\u0002","j":"0","k":"false","m":"true","n":"bench-broker"},"flag":0,"language":"JAVA","opaque":13,"serializeTypeCurrentRPC":"JSON","version":513}`
	recordedPull  = `{"code":11,"extFields":{"queueId":"3","commitOffset":"0","subscription":"*","suspendTimeoutMillis":"20000","bname":"bench-broker","sysFlag":"6","expressionType":"TAG","topic":"BenchTopic","consumerGroup":"bench_consumer","maxMsgNums":"32","queueOffset":"0","subVersion":"0","maxMsgBytes":"2147483647"},"flag":0,"language":"JAVA","opaque":19,"serializeTypeCurrentRPC":"JSON","version":513}`
)

func headerOf(t *testing.T, frame []byte) string {
	t.Helper()
	if int(binary.BigEndian.Uint32(frame)) != len(frame)-4 {
		t.Fatalf("length word %d of a frame of %d bytes", binary.BigEndian.Uint32(frame), len(frame))
	}
	word := binary.BigEndian.Uint32(frame[4:])
	if word>>24 != 0 {
		t.Fatalf("serialize type %d", word>>24)
	}
	return string(frame[8 : 8+word])
}

func builtSend(shape sendShape, queueID, opaque, topic int, sequence uint64, born string) []byte {
	return newSendTemplate(shape, queueID, "FD00000000000000").appendTo(nil, opaque, topic, (*[bornDigits]byte)([]byte(born)), sequence)
}

func TestSendHeaderIsTheOfficialClients(t *testing.T) {
	shape := sendShape{topicPrefix: "BenchTopic", topicCount: 1, brokerName: "bench-broker", tag: "TagA", keys: "key1", body: []byte("hello"), batch: 1}
	frame := builtSend(shape, 3, 1_000_005, 0, 2, "1795253327654")
	want := strings.Replace(recordedSend, `"opaque":5`, `"opaque":1000005`, 1)
	if got := headerOf(t, frame); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !bytes.HasSuffix(frame, []byte("}hello")) {
		t.Errorf("body missing: %q", frame)
	}
}

func TestBatchHeaderAndMembersAreTheOfficialClients(t *testing.T) {
	shape := sendShape{topicPrefix: "BenchTopic", topicCount: 1, brokerName: "bench-broker", tag: "TagA", body: []byte("hello"), batch: 2}
	frame := builtSend(shape, 1, 1_000_013, 0, 4, "1795253328947")
	header := headerOf(t, frame)
	if want := strings.Replace(recordedBatch, `"opaque":13`, `"opaque":1000013`, 1); header != want {
		t.Errorf("got  %s\nwant %s", header, want)
	}
	member := func(key string) string {
		properties := "UNIQ_KEY\x01" + key + "\x02WAIT\x01true\x02TAGS\x01TagA\x02"
		head := []byte{0, 0, 0, byte(22 + 5 + len(properties)), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 5}
		return string(head) + "hello" + string([]byte{0, byte(len(properties))}) + properties
	}
	want := member("FD000000000000000000000000000005") + member("FD000000000000000000000000000006")
	if got := string(frame[8+len(header):]); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTopicDigitsArePatched(t *testing.T) {
	shape := sendShape{topicPrefix: "Many", topicCount: 1000, brokerName: "b", body: []byte("x"), batch: 1}
	header := headerOf(t, builtSend(shape, 7, opaqueBase, 987, 0, "1795253328947"))
	if !strings.Contains(header, `"b":"Many00987","c":"TBW102"`) || !strings.Contains(header, `"e":"7"`) {
		t.Error(header)
	}
}

func TestPullHeaderIsTheOfficialClients(t *testing.T) {
	frame := appendPull(nil, 19, "bench-broker", "BenchTopic", 3, 0, 32, 20000)
	if got := headerOf(t, frame); got != recordedPull {
		t.Errorf("got  %s\nwant %s", got, recordedPull)
	}
}

func responseFrame(kind byte, header, body string) []byte {
	frame := []byte{kind, 0, byte(len(header) >> 8), byte(len(header))}
	return append(append(frame, header...), body...)
}

func TestResponsesAreScannedInBothHeaderForms(t *testing.T) {
	json := `{"code":2,"extFields":{"offset":"42","a\"opaque\":9":""},"flag":1,"language":"JAVA","opaque":1000007,"remark":"busy","version":513}`
	r, err := parseResponse(responseFrame(0, json, "BODY"))
	if err != nil || r.code != 2 || r.opaque != 1_000_007 || r.remark() != "busy" || string(r.body) != "BODY" || r.isServerRequest() {
		t.Errorf("%+v %v", r, err)
	}
	if offset, ok := r.extField("offset"); !ok || offset != "42" {
		t.Errorf("offset %q", offset)
	}
	shuffled := `{"opaque":1000008,"flag":0,"code":0}`
	if r, err = parseResponse(responseFrame(0, shuffled, "")); err != nil || r.opaque != 1_000_008 || !r.isServerRequest() {
		t.Errorf("%+v %v", r, err)
	}
	binaryHeader := "\x00\x0a\x00\x02\x01" + "\x00\x0f\x42\x49" + "\x00\x00\x00\x01" + "\x00\x00\x00\x00" +
		"\x00\x00\x00\x0e" + "\x00\x06offset" + "\x00\x00\x00\x0242"
	r, err = parseResponse(responseFrame(1, binaryHeader, ""))
	if err != nil || r.code != 10 || r.opaque != 1_000_009 || r.isServerRequest() {
		t.Errorf("%+v %v", r, err)
	}
	if offset, ok := r.extField("offset"); !ok || offset != "42" {
		t.Errorf("binary offset %q %v", offset, ok)
	}
}

func TestTornResponsesAreRefused(t *testing.T) {
	whole := responseFrame(0, `{"code":0,"flag":1,"opaque":1000007}`, "")
	for length := 0; length < len(whole); length++ {
		if _, err := parseResponse(whole[:length]); err == nil {
			t.Errorf("%d of %d bytes were accepted", length, len(whole))
		}
	}
	for _, header := range []string{`{}`, `{"code":x,"opaque":1}`, `{"code":0}`, `{"code":0,"opaque":"a"}`} {
		if _, err := parseResponse(responseFrame(0, header, "")); err == nil {
			t.Errorf("%s was accepted", header)
		}
	}
}

func record(queueID int, queueOffset int64, body string) []byte {
	r := make([]byte, 88)
	binary.BigEndian.PutUint32(r, uint32(88+len(body)+3))
	binary.BigEndian.PutUint32(r[4:], recordMagicV1)
	binary.BigEndian.PutUint32(r[8:], crc32.ChecksumIEEE([]byte(body))&0x7fffffff)
	binary.BigEndian.PutUint32(r[12:], uint32(queueID))
	binary.BigEndian.PutUint64(r[20:], uint64(queueOffset))
	binary.BigEndian.PutUint32(r[84:], uint32(len(body)))
	return append(append(r, body...), 0, 0, 0)
}

func TestPulledRecordsAreChecked(t *testing.T) {
	good := append(record(3, 100, "hello"), record(3, 101, "hello")...)
	if n, err := checkRecords(good, 3, 100, []byte("hello")); n != 2 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	broken := map[string][]byte{
		"short":        good[:len(good)-1],
		"other queue":  append(record(3, 100, "hello"), record(2, 101, "hello")...),
		"gap":          append(record(3, 100, "hello"), record(3, 102, "hello")...),
		"other body":   append(record(3, 100, "hello"), record(3, 101, "hullo")...),
		"other magic":  append(record(3, 100, "hello"), append([]byte{0, 0, 0, 96, 1, 2, 3, 4}, make([]byte, 88)...)...),
		"broken crc":   append(record(3, 100, "hello"), func() []byte { r := record(3, 101, "hello"); r[8] ^= 1; return r }()...),
		"lying length": append(record(3, 100, "hello"), func() []byte { r := record(3, 101, "hello"); r[86] = 1; return r }()...),
	}
	for name, bytes := range broken {
		if _, err := checkRecords(bytes, 3, 100, []byte("hello")); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestOutstandingRequestsRefuseStrangeAnswers(t *testing.T) {
	o := newOutstandingRequests(3)
	seen := map[int]bool{}
	for round := 0; round < 1000; round++ {
		opaque, slot := o.take(int64(round))
		if opaque < opaqueBase || opaque >= opaqueLimit || seen[opaque] {
			t.Fatalf("opaque %d", opaque)
		}
		seen[opaque] = true
		gotSlot, startNs, err := o.settle(opaque)
		if gotSlot != slot || startNs != int64(round) || err != nil {
			t.Fatalf("slot %d start %d %v", gotSlot, startNs, err)
		}
		for _, wrong := range []int{opaque, opaque + 3, opaque + 1, 0, -1} {
			if _, _, err := o.settle(wrong); err == nil {
				t.Fatalf("opaque %d settled twice or never asked", wrong)
			}
		}
	}
}

func TestOutstandingRequestsStayInSevenDigits(t *testing.T) {
	o := newOutstandingRequests(2)
	o.opaque[0], o.opaque[1] = opaqueLimit-2, opaqueLimit-1
	for i := 0; i < 2; i++ {
		if opaque, slot := o.take(0); opaque != opaqueBase+slot {
			t.Errorf("slot %d: opaque %d", slot, opaque)
		}
	}
	if o.hasRoom() {
		t.Error("two slots, three requests")
	}
}

func TestBacklogHandsOutEveryMessageOncePerPass(t *testing.T) {
	b := &backlog{perPull: 32, passes: 2, firsts: []int64{10, 0}, ends: []int64{110, 0}}
	b.handedOut = make([]int64Cursor, 2)
	counts := map[int64]int{}
	for {
		next, ok := b.take(0)
		if !ok {
			break
		}
		for i := 0; i < next.count; i++ {
			counts[next.from+int64(i)]++
		}
	}
	if len(counts) != 100 || counts[10] != 2 || counts[109] != 2 {
		t.Errorf("%d offsets, first %d, last %d", len(counts), counts[10], counts[109])
	}
	if _, ok := b.take(1); ok {
		t.Error("an empty queue handed something out")
	}
}
