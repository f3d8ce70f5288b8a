package main

import (
	"flag"
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// asProgram is the variable that makes the test binary be the program.
const asProgram = "RUNNERDESK_TEST_PROGRAM"

// TestMain is the program itself when a test runs the binary again; else it runs the tests
// and then looks for goroutines that none of them ended.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	code := m.Run()
	if code == 0 && flag.Lookup("test.fuzz").Value.String() == "" {
		if err := goleak.Find(); err != nil {
			fmt.Fprintln(os.Stderr, "a goroutine is left:", err)
			code = 1
		}
	}
	os.Exit(code)
}
