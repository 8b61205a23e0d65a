package main

import (
	"bytes"
	"strconv"
)

const (
	codeEndTransaction = 37
	sysFlagPrepared    = "4"
	sysFlagCommit      = "8"
	flagOneWay         = 2
	// halfProperties mark a message whose producer decides later, as TransactionMQProducer does.
	halfProperties = `TRAN_MSG\u0001true\u0002PGROUP\u0001` + producerGroup + `\u0002`
)

var (
	msgIDMark       = []byte(`"msgId":"`)
	queueOffsetMark = []byte(`"queueOffset":"`)
)

// appendCommit writes the decision that follows the answer to a half message: one-way, as the
// official producer sends it. False when the answer does not say where the half message lies.
func appendCommit(dst []byte, opaque int, answer response, brokerName string) ([]byte, bool) {
	msgID, ok := textBehind(answer.header, msgIDMark)
	if !ok || len(msgID) < 16 {
		return dst, false
	}
	queueOffset, ok := textBehind(answer.header, queueOffsetMark)
	if !ok {
		return dst, false
	}
	commitLogOffset, err := strconv.ParseUint(string(msgID[len(msgID)-16:]), 16, 63)
	if err != nil {
		return dst, false
	}
	fields := []field{
		{"producerGroup", producerGroup}, {"tranStateTableOffset", string(queueOffset)},
		{"commitLogOffset", strconv.FormatUint(commitLogOffset, 10)},
		{"commitOrRollback", sysFlagCommit}, {"fromTransactionCheck", "false"},
		{"msgId", string(msgID)}, {"transactionId", string(msgID)}, {"bname", brokerName},
	}
	return appendRequest(dst, codeEndTransaction, opaque, flagOneWay, fields, nil), true
}

func textBehind(header, mark []byte) ([]byte, bool) {
	at := bytes.Index(header, mark)
	if at < 0 {
		return nil, false
	}
	text := header[at+len(mark):]
	end := bytes.IndexByte(text, '"')
	if end < 0 {
		return nil, false
	}
	return text[:end], true
}
