package config

import _ "embed"

//go:embed example.yml
var example string

// Example is a whole runnerdesk.yml with a comment on every key. It has no faults.
func Example() string { return example }
