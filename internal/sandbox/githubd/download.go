package githubd

import (
	"crypto/sha256"
	"encoding/hex"
)

// runnerVersion is the version of the runner application that downloads offers.
const runnerVersion = "2.329.0"

// application is a runner application as it is sent.
type application struct {
	OS       string `json:"os"`
	Arch     string `json:"architecture"`
	URL      string `json:"download_url"`
	Filename string `json:"filename"`
	Token    string `json:"temp_download_token,omitempty"`
	SHA256   string `json:"sha256_checksum"`
}

// applications are the downloads that a scope is offered. The lock is held.
func (s *Server) applications(sc *scope) []application {
	systems := [][3]string{
		{"osx", "x64", "tar.gz"}, {"osx", "arm64", "tar.gz"},
		{"linux", "x64", "tar.gz"}, {"linux", "arm", "tar.gz"}, {"linux", "arm64", "tar.gz"},
		{"win", "x64", "zip"}, {"win", "arm64", "zip"},
	}
	applications := make([]application, 0, len(systems))
	for _, system := range systems {
		a := application{OS: system[0], Arch: system[1]}
		a.Filename = "actions-runner-" + a.OS + "-" + a.Arch + "-" + runnerVersion + "." + system[2]
		a.URL = "https://github.com/actions/runner/releases/download/v" + runnerVersion + "/" + a.Filename
		sum := sha256.Sum256([]byte(a.Filename)) // stands for the file's own, which is not here
		a.SHA256 = hex.EncodeToString(sum[:])
		if s.opts.DownloadTokens {
			a.Token = s.mint(opDownloads, sc).value
		}
		applications = append(applications, a)
	}
	return applications
}
