package blocks

import (
	"strconv"
	"strings"
)

// The ids of everything that can be pressed. Several buttons of one kind in one block
// get a number behind a colon, since Slack wants ids that differ: "run:1", "run:2".
// ActionOf takes it off again.
const (
	ActionApprove = "approve" // value: the request's id
	ActionDeny    = "deny"    // value: the request's id; opens DenyDialog
	ActionCancel  = "cancel"  // value: the request's id
	ActionConfirm = "confirm" // value: the request's id; the requester's own Delete
	ActionReveal  = "reveal"  // value: the request's id; opens RevealWaiting
	ActionDetails = "details" // value: the request's id; opens DetailsDialog
	ActionRun     = "run"     // value: a command text, to be handled as if the presser had typed it
	ActionShare   = "share"   // value: a command text, to be answered to the channel
	ActionLink    = "link"    // opens a page of GitHub; nothing to do
)

// The ids of the dialogs. Each dialog's private metadata is the request's id, but for
// CallbackReason, where it is the command text that lacks its reason.
const (
	CallbackDeny    = "deny"
	CallbackReason  = "reason"
	CallbackReveal  = "reveal"
	CallbackDetails = "details"
)

// InputReason is the block id and the action id of the field for a reason in DenyDialog
// and ReasonDialog.
const InputReason = "reason"

// ActionOf is the kind of a button: "run" of "run:2".
func ActionOf(id string) string {
	kind, _, _ := strings.Cut(id, ":")
	return kind
}

func value(id int64) string { return strconv.FormatInt(id, 10) }
