module rocketmq-ts/chaos-driver

go 1.21
