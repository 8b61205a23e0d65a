module rocketmq-ts/bench/loadgen

go 1.21
