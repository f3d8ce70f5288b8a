// Package fleet holds the words of Runnerdesk and their pure rules: what a scope, a
// runner, a filter, a request, a vote and a secret are, and what may follow what.
//
// It imports the standard library only and knows neither Slack, GitHub's client nor
// SQL. Time comes in as a value. Every other room speaks in these types.
package fleet
