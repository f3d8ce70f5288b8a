package fleet

import "time"

// SendState is how far the first post of a message has come.
type SendState string

// The states of a message. Sending is committed before the post goes out; one that is
// found so after a crash is posted once more and may show twice.
const (
	Queued  SendState = "queued"
	Sending SendState = "sending"
	Sent    SendState = "sent"
	Dead    SendState = "dead" // given up, after a refusal that will not change
)

// Message is one Slack message that must come to show the truth: every copy is edited
// until its revision is Desired.
type Message struct {
	ID        int64
	Surface   Surface
	Request   int64  // the request that it shows, or 0
	Body      []byte // of a notice or a digest: its value as JSON
	Desired   int64
	State     SendState
	SendingAt time.Time // of the last try to post
	Tries     int
	NotBefore time.Time // when it may be tried again
	Copies    []Copy    // usually one
	// ThreadChannel and ThreadTS are the message under which it is a reply; empty when it
	// is none, or when that one is not posted yet (then it waits).
	ThreadChannel, ThreadTS string
}

// Copy is one place where a message was posted.
type Copy struct {
	Channel, TS string
	Revision    int64 // that it shows
}
