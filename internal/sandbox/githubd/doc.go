// Package githubd is the built-in GitHub: a stateful and strict double of the REST
// API for self-hosted runners, for the demo and for tests with the real client.
//
// It answers the 18 runner operations (list, downloads, registration-token,
// remove-token, get and delete, for enterprises, organizations and repositories), and
// the two read-only additions that Runnerdesk uses: runner groups and the end of life
// of runner versions. Shapes follow GitHub's OpenAPI description; statuses, headers
// and error bodies follow https://docs.github.com/en/rest.
//
// Whatever a correct client never sends (an unknown route, method, query parameter or
// header value, a body where none belongs) is a violation: it is reported, and
// answered the way GitHub would.
package githubd
