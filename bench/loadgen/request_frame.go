package main

import (
	"encoding/binary"
	"fmt"
	"strconv"
)

// Request codes the generator sends. Source: org.apache.rocketmq.remoting.protocol.RequestCode.
const (
	codePullMessage          = 11
	codeUpdateAndCreateTopic = 17
	codeGetMaxOffset         = 30
	codeGetMinOffset         = 31
	codeHeartBeat            = 34
	codeLockBatchMQ          = 41
	codeGetRouteByTopic      = 105
	codeSendMessageV2        = 310
	codeSendBatchMessage     = 320
)

const (
	// clientVersion is what the official 5.5.0 client writes (ordinal of MQVersion.V5_5_0).
	clientVersion = 513
	producerGroup = "bench_producer"
	consumerGroup = "bench_consumer"
	// templateTopic is the topic from whose settings a broker creates unknown topics.
	templateTopic = "TBW102"
	// opaqueBase keeps every opaque at seven digits, so that patching one never moves a byte.
	opaqueBase  = 1_000_000
	opaqueLimit = 10_000_000
)

// field is one extFields entry, in the order in which it is written.
type field struct{ key, value string }

// appendRequest writes a complete frame: length, serialize type JSON, header, body. The header is
// the one line of JSON that fastjson makes of a RemotingCommand: keys in alphabetical order.
func appendRequest(dst []byte, code, opaque, flag int, fields []field, body []byte) []byte {
	start := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	dst = append(dst, `{"code":`...)
	dst = strconv.AppendInt(dst, int64(code), 10)
	dst = append(dst, `,"extFields":{`...)
	for i, f := range fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '"')
		dst = append(dst, f.key...)
		dst = append(dst, `":"`...)
		dst = append(dst, f.value...)
		dst = append(dst, '"')
	}
	dst = append(dst, `},"flag":`...)
	dst = strconv.AppendInt(dst, int64(flag), 10)
	dst = append(dst, `,"language":"JAVA","opaque":`...)
	dst = strconv.AppendInt(dst, int64(opaque), 10)
	dst = append(dst, `,"serializeTypeCurrentRPC":"JSON","version":`...)
	dst = strconv.AppendInt(dst, clientVersion, 10)
	dst = append(dst, '}')
	headerBytes := len(dst) - start - 8
	dst = append(dst, body...)
	binary.BigEndian.PutUint32(dst[start:], uint32(len(dst)-start-4))
	binary.BigEndian.PutUint32(dst[start+4:], uint32(headerBytes))
	return dst
}

// topicName is the name of topic i of n: the bare prefix when there is one, else prefix and five
// digits, so that a template can be pointed at another topic by overwriting five bytes.
func topicName(prefix string, i, n int) string {
	if n == 1 {
		return prefix
	}
	return fmt.Sprintf("%s%05d", prefix, i)
}

const topicDigits = 5

// sendTemplate is a send request whose varying parts are overwritten in place.
type sendTemplate struct {
	frame []byte
	// byte positions in frame of: the topic's digits (-1: one topic), the born time, the opaque,
	// and the last 16 hex digits of every unique key (the header's first, then each batch member's).
	topicAt, bornAt, opaqueAt int
	keysAt                    []int
}

const (
	uniqKeyChars   = 32
	uniqKeyPatched = 16
	bornDigits     = 13
)

// sendShape says what one send request carries.
type sendShape struct {
	topicPrefix string
	topicCount  int
	brokerName  string
	tag         string
	keys        string
	body        []byte
	batch       int  // messages per request; 0 or 1: a plain send
	isHalf      bool // half messages, each committed when it is acknowledged
}

// newSendTemplate builds the request for one queue. Field order and values are those that the
// official producer puts on the wire (recorded from rocketmq-client 5.5.0).
func newSendTemplate(shape sendShape, queueID int, keyPrefix string) *sendTemplate {
	topic := topicName(shape.topicPrefix, 0, shape.topicCount)
	const escName, escProp = `\u0001`, `\u0002`
	properties := ""
	isBatch := shape.batch > 1
	if shape.keys != "" && !isBatch {
		properties += "KEYS" + escName + shape.keys + escProp
	}
	properties += "UNIQ_KEY" + escName
	keyInProperties := len(properties)
	properties += keyPrefix + zeros(uniqKeyChars-len(keyPrefix)) + escProp + "WAIT" + escName + "true" + escProp
	if shape.tag != "" && !isBatch {
		properties += "TAGS" + escName + shape.tag + escProp
	}
	sysFlag := "0"
	if shape.isHalf {
		properties += halfProperties
		sysFlag = sysFlagPrepared
	}
	code, body := codeSendMessageV2, shape.body
	var memberKeys []int
	if isBatch {
		code = codeSendBatchMessage
		body, memberKeys = batchBody(shape, keyPrefix)
	}
	fields := []field{
		{"a", producerGroup}, {"b", topic}, {"c", templateTopic}, {"d", "4"},
		{"e", strconv.Itoa(queueID)}, {"f", sysFlag}, {"g", "1000000000000"}, {"h", "0"},
		{"i", properties}, {"j", "0"}, {"k", "false"}, {"m", strconv.FormatBool(isBatch)},
		{"n", shape.brokerName},
	}
	t := &sendTemplate{topicAt: -1}
	t.frame = appendRequest(nil, code, opaqueBase, 0, fields, body)
	at := func(key string) int { return indexOf(t.frame, `"`+key+`":"`) + len(key) + 4 }
	if shape.topicCount > 1 {
		t.topicAt = at("b") + len(topic) - topicDigits
	}
	t.bornAt = at("g")
	t.opaqueAt = indexOf(t.frame, `"opaque":`) + len(`"opaque":`)
	t.keysAt = append(t.keysAt, at("i")+keyInProperties+uniqKeyChars-uniqKeyPatched)
	bodyAt := len(t.frame) - len(body)
	for _, k := range memberKeys {
		t.keysAt = append(t.keysAt, bodyAt+k)
	}
	return t
}

// appendTo copies the request to dst with its varying parts filled in. sequence numbers the first
// message of the request; a batch uses as many numbers as it has members, plus one for itself.
func (t *sendTemplate) appendTo(dst []byte, opaque int, topic int, born *[bornDigits]byte, sequence uint64) []byte {
	start := len(dst)
	dst = append(dst, t.frame...)
	f := dst[start:]
	putDecimal(f[t.opaqueAt:t.opaqueAt+7], opaque)
	copy(f[t.bornAt:], born[:])
	if t.topicAt >= 0 {
		putDecimal(f[t.topicAt:t.topicAt+topicDigits], topic)
	}
	for _, at := range t.keysAt {
		putHex(f[at:at+uniqKeyPatched], sequence)
		sequence++
	}
	return dst
}

// batchBody encodes the members of a batch: size, magic 0, body CRC 0, flag, body, properties, as
// MessageDecoder.encodeMessage of the official client does. It also returns where the patched part
// of each member's unique key starts.
func batchBody(shape sendShape, keyPrefix string) ([]byte, []int) {
	var out []byte
	var keysAt []int
	for i := 0; i < shape.batch; i++ {
		properties := "UNIQ_KEY\x01"
		keyAt := len(properties)
		properties += keyPrefix + zeros(uniqKeyChars-len(keyPrefix)) + "\x02WAIT\x01true\x02"
		if shape.tag != "" {
			properties += "TAGS\x01" + shape.tag + "\x02"
		}
		size := 4 + 4 + 4 + 4 + 4 + len(shape.body) + 2 + len(properties)
		out = binary.BigEndian.AppendUint32(out, uint32(size))
		out = append(out, make([]byte, 12)...)
		out = binary.BigEndian.AppendUint32(out, uint32(len(shape.body)))
		out = append(out, shape.body...)
		out = binary.BigEndian.AppendUint16(out, uint16(len(properties)))
		keysAt = append(keysAt, len(out)+keyAt+uniqKeyChars-uniqKeyPatched)
		out = append(out, properties...)
	}
	return out, keysAt
}

// appendPull writes a pull as the official push consumer sends it (fields in its HashMap order).
// sysFlag 6: the broker may hold the request, and the subscription in it counts.
func appendPull(dst []byte, opaque int, brokerName, topic string, queueID int, queueOffset int64, maxMessages int, suspendMs int) []byte {
	fields := [...]field{
		{"queueId", strconv.Itoa(queueID)}, {"commitOffset", "0"}, {"subscription", "*"},
		{"suspendTimeoutMillis", strconv.Itoa(suspendMs)}, {"bname", brokerName}, {"sysFlag", "6"},
		{"expressionType", "TAG"}, {"topic", topic}, {"consumerGroup", consumerGroup},
		{"maxMsgNums", strconv.Itoa(maxMessages)}, {"queueOffset", strconv.FormatInt(queueOffset, 10)},
		{"subVersion", "0"}, {"maxMsgBytes", "2147483647"},
	}
	return appendRequest(dst, codePullMessage, opaque, 0, fields[:], nil)
}

func zeros(n int) string {
	const all = "00000000000000000000000000000000"
	return all[:n]
}

func indexOf(haystack []byte, needle string) int {
	for i := 0; i+len(needle) <= len(haystack); i++ {
		if string(haystack[i:i+len(needle)]) == needle {
			return i
		}
	}
	panic("request template has no " + needle)
}

func putDecimal(dst []byte, value int) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = byte('0' + value%10)
		value /= 10
	}
}

const hexDigits = "0123456789ABCDEF"

func putHex(dst []byte, value uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = hexDigits[value&15]
		value >>= 4
	}
}
