package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// A cosigner verifies and makes cosignatures by c2sp.org/tlog-cosignature, version 1, for package note, which knows the
// frame of a note and nothing of this algorithm.
type cosigner struct {
	name   string
	public ed25519.PublicKey
	// Of a signer only.
	private ed25519.PrivateKey
	time    uint64
	// When the signature that was verified last was made.
	seen uint64
}

const algorithm = 4

func (c *cosigner) Name() string { return c.name }

func (c *cosigner) KeyHash() uint32 {
	sum := sha256.Sum256(append([]byte(c.name+"\n"+string(rune(algorithm))), c.public...))
	return binary.BigEndian.Uint32(sum[:])
}

func message(text []byte, time uint64) []byte {
	return append([]byte(fmt.Sprintf("cosignature/v1\ntime %d\n", time)), text...)
}

func (c *cosigner) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	c.seen = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(c.public, message(text, c.seen), signature[8:])
}

func (c *cosigner) Sign(text []byte) ([]byte, error) {
	signature := binary.BigEndian.AppendUint64(nil, c.time)
	return append(signature, ed25519.Sign(c.private, message(text, c.time))...), nil
}

func (c *cosigner) key() string {
	key := append([]byte{algorithm}, c.public...)
	return fmt.Sprintf("%s+%08x+%s", c.name, c.KeyHash(), base64.StdEncoding.EncodeToString(key))
}

// verifierOf reads a key: of a log by package note, of a witness here.
func verifierOf(text string) (note.Verifier, error) {
	parts := strings.SplitN(text, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("%q is no key", text)
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return nil, err
	}
	if len(key) != 1+ed25519.PublicKeySize || key[0] != algorithm {
		return note.NewVerifier(text)
	}
	c := &cosigner{name: parts[0], public: key[1:]}
	if c.key() != text {
		return nil, fmt.Errorf("%q has the id of another key: expected %s", text, c.key())
	}
	return c, nil
}

func open(text string, keys []string) (*note.Note, []note.Verifier, error) {
	var verifiers []note.Verifier
	for _, key := range keys {
		verifier, err := verifierOf(key)
		if err != nil {
			return nil, nil, err
		}
		verifiers = append(verifiers, verifier)
	}
	opened, err := note.Open([]byte(text), note.VerifierList(verifiers...))
	return opened, verifiers, err
}

type openInput struct {
	Note string   `json:"note"`
	Keys []string `json:"keys"`
}

type signed struct {
	Name string `json:"name"`
	Time uint64 `json:"time,omitempty"`
}

type openOutput struct {
	Text   string   `json:"text"`
	Signed []signed `json:"signed"`
}

func openNote(input openInput) (openOutput, error) {
	opened, verifiers, err := open(input.Note, input.Keys)
	if err != nil {
		return openOutput{}, err
	}
	output := openOutput{Text: opened.Text}
	for _, signature := range opened.Sigs {
		entry := signed{Name: signature.Name}
		for _, verifier := range verifiers {
			if c, ok := verifier.(*cosigner); ok && c.KeyHash() == signature.Hash && c.name == signature.Name {
				entry.Time = c.seen
			}
		}
		output.Signed = append(output.Signed, entry)
	}
	return output, nil
}

type cosignInput struct {
	openInput
	Name string `json:"name"`
	Seed string `json:"seed"`
	Time uint64 `json:"time"`
}

type cosignOutput struct {
	Note string `json:"note"`
	Key  string `json:"key"`
}

func cosignNote(input cosignInput) (cosignOutput, error) {
	opened, _, err := open(input.Note, input.Keys)
	if err != nil {
		return cosignOutput{}, err
	}
	seed, err := hex.DecodeString(input.Seed)
	if err != nil || len(seed) != ed25519.SeedSize {
		return cosignOutput{}, fmt.Errorf("the seed is not 64 hex digits")
	}
	private := ed25519.NewKeyFromSeed(seed)
	c := &cosigner{name: input.Name, public: private.Public().(ed25519.PublicKey), private: private, time: input.Time}
	cosigned, err := note.Sign(opened, c)
	if err != nil {
		return cosignOutput{}, err
	}
	return cosignOutput{Note: string(cosigned), Key: c.key()}, nil
}
