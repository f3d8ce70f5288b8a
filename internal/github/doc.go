// Package github speaks to GitHub's REST API for self-hosted runners with go-github:
// the 18 operations in enterprises, organizations and repositories, and the names of
// runner groups. GitHub's errors leave it as fleet's.
//
// go-github v53 puts names into paths as they are and follows redirects, so nothing of
// it reaches the network but through two transports: guard lets only the listed methods
// and path shapes out, to the one configured host, and verdict turns every answer that
// is not the expected one into an error before go-github sees it.
package github
