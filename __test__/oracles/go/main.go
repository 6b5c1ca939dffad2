// Command oracle does with other people's code what Sealwright does with its own, so that tests can compare the two. Each
// subcommand reads one JSON value from standard input and writes one to standard output:
//
//	note-open     {"note", "keys"}              -> {"text", "signed": [{"name", "time"}]}
//	note-cosign   {"note", "keys", "name", "seed", "time"} -> {"note", "key"}
//	tree-prove    {"folder", "size", "root", "leaves", "sizes"} -> {"root", "leaves", "inclusion", "consistency"}
//	proof-check   {"size", "root", "proof", "leaf", "hash"} or {..., "oldSize", "oldRoot"} -> {"problem"}
//
// Keys are NAME+ID+KEY of type 1 (Ed25519) or 4 (cosignature/v1); seed is 64 hex digits.
package main

import (
	"encoding/json"
	"fmt"
	"os"
)

// A command takes what was read and gives what is written.
type command func(input []byte) (any, error)

var commands = map[string]command{
	"note-open":   typed(openNote),
	"note-cosign": typed(cosignNote),
	"tree-prove":  typed(proveByTiles),
	"proof-check": typed(checkProof),
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "oracle:", err)
		os.Exit(1)
	}
}

func run() error {
	if len(os.Args) != 2 || commands[os.Args[1]] == nil {
		return fmt.Errorf("usage: oracle note-open | note-cosign | tree-prove | proof-check")
	}
	var input json.RawMessage
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		return err
	}
	output, err := commands[os.Args[1]](input)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(output)
}

func typed[Input, Output any](do func(Input) (Output, error)) command {
	return func(text []byte) (any, error) {
		var input Input
		if err := json.Unmarshal(text, &input); err != nil {
			return nil, err
		}
		return do(input)
	}
}
