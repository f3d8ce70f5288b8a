package main

import (
	"sync/atomic"
	"time"
)

// clock is the bot's clock in a test: the real time, and ahead of it after a jump.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

func (c *clock) jump(d time.Duration) { c.ahead.Add(int64(d)) }
