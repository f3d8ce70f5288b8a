package fleet

import "time"

// Input is a request or a decision as it came in: a command that was typed, a button, or
// a dialog. It is stored before Slack gets its acknowledgement, so it holds no answer
// address, no trigger and no token.
type Input struct {
	Key        string // the same for every delivery of the same input
	Person     string // Slack's ids
	Team       string
	Enterprise string
	Channel    string    // where it happened
	MessageTS  string    // of the message whose button was pressed, or ""
	Verb       string    // of a button or a dialog: "approve", "deny", "cancel", "confirm"; "" for text
	Request    int64     // the request that a button or dialog is about
	Text       string    // what was typed; of a deny dialog the reason
	Strikes    []int64   // ids of runners that an approver struck
	At         time.Time // when it was received
}
