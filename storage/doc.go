// Package storage keeps everything that Runnerdesk must not forget in one SQLite file:
// the inbox, requests with their votes, targets and reveals, the audit, messages, digest
// slots, and the fleet's present state with its changes.
//
// Each method that writes is one transaction; what it wrote is on the disk when it
// returns. The rules are fleet's; the schema refuses what they forbid too, also to SQL
// that was written by hand.
//
// A context that ends while a method writes undoes the whole of it. What was accepted, and
// what was done outside, must be recorded whatever happens to its caller: call with
// context.WithoutCancel and a deadline then.
package storage
