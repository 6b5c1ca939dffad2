// Command tessera checks a log as the fsck of Tessera does: the entries against the tiles, and both against the checkpoint,
// all of it fetched by HTTP. It reads one JSON value from standard input and writes one to standard output:
//
//	{"url", "key"}  ->  {"problem"}      empty if the log is whole
//
// The key is NAME+ID+KEY; NAME is the origin of the log.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"
)

// Each of its workers ends at the first tile that differs, and when all have, fsck waits for ever: there are more of them
// than a damage that is tried has tiles.
const workers = 8

const timeLimit = 30 * time.Second

type input struct {
	URL string `json:"url"`
	Key string `json:"key"`
}

type output struct {
	Problem string `json:"problem"`
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "tessera:", err)
		os.Exit(1)
	}
}

func run() error {
	// What it tells on its way is of no use here.
	flags := flag.NewFlagSet("klog", flag.ContinueOnError)
	klog.InitFlags(flags)
	if err := flags.Parse([]string{"-logtostderr=false", "-alsologtostderr=false", "-stderrthreshold=FATAL"}); err != nil {
		return err
	}
	var given input
	if err := json.NewDecoder(os.Stdin).Decode(&given); err != nil {
		return err
	}
	log, err := url.Parse(given.URL)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(given.Key)
	if err != nil {
		return err
	}
	fetcher, err := client.NewHTTPFetcher(log, nil)
	if err != nil {
		return err
	}
	checked := make(chan error, 1)
	go func() {
		check := fsck.New(verifier.Name(), verifier, fetcher, leavesOf, fsck.Opts{N: workers})
		checked <- check.Check(context.Background())
	}()
	select {
	case err = <-checked:
	case <-time.After(timeLimit):
		return fmt.Errorf("no answer within %v", timeLimit)
	}
	found := output{}
	if err != nil {
		found.Problem = err.Error()
	}
	return json.NewEncoder(os.Stdout).Encode(found)
}

// leavesOf gives the leaves of an entry bundle of c2sp.org/tlog-tiles.
func leavesOf(bundle []byte) ([][]byte, error) {
	entries := api.EntryBundle{}
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var leaves [][]byte
	for _, entry := range entries.Entries {
		leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return leaves, nil
}
