package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// The height of tiles in c2sp.org/tlog-tiles.
const tileHeight = 8

type treeInput struct {
	// Folder holds tile/LEVEL/NUMBER.
	Folder string `json:"folder"`
	Size   int64  `json:"size"`
	// Root is in hex.
	Root string `json:"root"`
	// Leaves that are to be proved, and sizes of trees that it is to begin with.
	Leaves []int64 `json:"leaves"`
	Sizes  []int64 `json:"sizes"`
}

type treeOutput struct {
	// Root is what the tiles make, which were checked against the root that was given.
	Root        string     `json:"root"`
	Leaves      []string   `json:"leaves"`
	Inclusion   [][]string `json:"inclusion"`
	Consistency [][]string `json:"consistency"`
}

// proveByTiles reads a tree from its tiles and proves what is asked for.
func proveByTiles(input treeInput) (treeOutput, error) {
	root, err := hashFromHex(input.Root)
	if err != nil {
		return treeOutput{}, err
	}
	reader := tlog.TileHashReader(tlog.Tree{N: input.Size, Hash: root}, folder(input.Folder))
	made, err := tlog.TreeHash(input.Size, reader)
	if err != nil {
		return treeOutput{}, err
	}
	output := treeOutput{Root: inHex(made)}
	for _, leaf := range input.Leaves {
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, leaf)})
		if err != nil {
			return treeOutput{}, err
		}
		proof, err := tlog.ProveRecord(input.Size, leaf, reader)
		if err != nil {
			return treeOutput{}, err
		}
		output.Leaves = append(output.Leaves, inHex(hashes[0]))
		output.Inclusion = append(output.Inclusion, allInHex(proof))
	}
	for _, size := range input.Sizes {
		proof, err := tlog.ProveTree(input.Size, size, reader)
		if err != nil {
			return treeOutput{}, err
		}
		output.Consistency = append(output.Consistency, allInHex(proof))
	}
	return output, nil
}

type proofInput struct {
	Size  int64    `json:"size"`
	Root  string   `json:"root"`
	Leaf  int64    `json:"leaf"`
	Hash  string   `json:"hash"`
	Proof []string `json:"proof"`
	// OldSize and OldRoot make it a consistency proof.
	OldSize int64  `json:"oldSize"`
	OldRoot string `json:"oldRoot"`
}

type proofOutput struct {
	Problem string `json:"problem"`
}

// checkProof checks an inclusion proof, or a consistency proof.
func checkProof(input proofInput) (proofOutput, error) {
	root, err := hashFromHex(input.Root)
	if err != nil {
		return proofOutput{}, err
	}
	var proof []tlog.Hash
	for _, text := range input.Proof {
		hash, err := hashFromHex(text)
		if err != nil {
			return proofOutput{}, err
		}
		proof = append(proof, hash)
	}
	if input.OldSize > 0 {
		old, err := hashFromHex(input.OldRoot)
		if err != nil {
			return proofOutput{}, err
		}
		return problemOf(tlog.CheckTree(proof, input.Size, root, input.OldSize, old)), nil
	}
	leaf, err := hashFromHex(input.Hash)
	if err != nil {
		return proofOutput{}, err
	}
	return problemOf(tlog.CheckRecord(proof, input.Size, root, input.Leaf, leaf)), nil
}

func problemOf(err error) proofOutput {
	if err == nil {
		return proofOutput{}
	}
	return proofOutput{Problem: err.Error()}
}

// A folder of tiles as c2sp.org/tlog-tiles names them.
type folder string

func (folder) Height() int { return tileHeight }

func (folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var data [][]byte
	for _, tile := range tiles {
		// The library's path has the height in it.
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight), "tile/", 1)
		bytes, err := os.ReadFile(filepath.Join(string(f), filepath.FromSlash(path)))
		if err != nil {
			return nil, err
		}
		data = append(data, bytes)
	}
	return data, nil
}

func hashFromHex(text string) (tlog.Hash, error) {
	var hash tlog.Hash
	bytes, err := hex.DecodeString(text)
	if err != nil || len(bytes) != len(hash) {
		return hash, fmt.Errorf("not a hash: %q", text)
	}
	copy(hash[:], bytes)
	return hash, nil
}

func inHex(hash tlog.Hash) string { return hex.EncodeToString(hash[:]) }

func allInHex(hashes []tlog.Hash) []string {
	texts := []string{}
	for _, hash := range hashes {
		texts = append(texts, inHex(hash))
	}
	return texts
}
