// Checks a tickhouse certificate against an archive with other people's code: signatures, proofs of inclusion, that the archive's
// log continues the certificate's, and the SHA-256 of each object. It does not read rows: verify.py does. See docs/proof.md.
//
//	go run . certificate.json data/archive "tickhouse/<archive>+<key id>+<key>" [--witness "<name>+<key id>+<key>"]...
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type object struct{ Key, Sha256 string }
type leaf struct {
	Kind, Venue string
	Object      object
	Symbols     []struct{ Symbol string }
}
type statement struct {
	Subject []struct {
		Name   string
		Digest struct{ Sha256 string }
	}
	Predicate struct {
		Venue, Symbol, Kind, Checkpoint string
		Entries                         []struct {
			Index int64
			Entry string
			Proof []tlog.Hash
		}
	}
}

func refuse(reason string, why any) {
	fmt.Printf("REFUSED %s: %v\n", reason, why)
	os.Exit(1)
}

func must[T any](value T, err error) func(string) T {
	return func(reason string) T {
		if err != nil {
			refuse(reason, err)
		}
		return value
	}
}

// tiles reads the tiles of the archive's log.
type tiles string

func (directory tiles) Height() int                     { return 8 }
func (directory tiles) SaveTiles([]tlog.Tile, [][]byte) {}
func (directory tiles) ReadTiles(wanted []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range wanted {
		data, err := os.ReadFile(filepath.Join(string(directory), strings.Replace(tile.Path(), "tile/8/", "tile/", 1)))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

// checkpoint opens a signed note: origin, size and root.
func checkpoint(text []byte, verifier note.Verifier, reason string) (tree tlog.Tree) {
	opened := must(note.Open(text, note.VerifierList(verifier)))(reason)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		refuse(reason, "not a checkpoint of this log")
	}
	must(fmt.Sscanf(lines[1], "%d", &tree.N))(reason)
	tree.Hash = must(tlog.ParseHash(lines[2]))(reason)
	return tree
}

// witness is a note.Verifier of cosignatures: https://c2sp.org/tlog-cosignature.
type witness struct {
	name   string
	hash   uint32
	public ed25519.PublicKey
	time   uint64
}

func newWitness(vkey string) (*witness, error) {
	parts := strings.SplitN(strings.TrimSpace(vkey), "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("not the public key of a witness")
	}
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(raw) != 33 || raw[0] != 4 {
		return nil, fmt.Errorf("not the public key of a witness")
	}
	id := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
	if hex.EncodeToString(id[:4]) != parts[1] {
		return nil, fmt.Errorf("not the public key of a witness")
	}
	return &witness{name: parts[0], hash: binary.BigEndian.Uint32(id[:4]), public: raw[1:]}, nil
}

func (w *witness) Name() string    { return w.name }
func (w *witness) KeyHash() uint32 { return w.hash }
func (w *witness) Verify(text, signature []byte) bool {
	if len(signature) != 8+ed25519.SignatureSize {
		return false
	}
	w.time = binary.BigEndian.Uint64(signature)
	return ed25519.Verify(w.public, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", w.time, text), signature[8:])
}

func main() {
	if len(os.Args) < 4 || len(os.Args)%2 != 0 {
		fmt.Fprintln(os.Stderr, "usage: verify <certificate> <archive directory> <public key> [--witness <public key>]...")
		os.Exit(2)
	}
	archive, vkey := os.Args[2], strings.TrimSpace(os.Args[3])
	verifier := must(note.NewVerifier(vkey))("signature")
	public := must(base64.StdEncoding.DecodeString(vkey[strings.LastIndex(vkey[:len(verifier.Name())+10], "+")+1:]))("signature")[1:]

	var envelope struct {
		PayloadType string
		Payload     []byte
		Signatures  []struct{ Sig []byte }
	}
	text := must(os.ReadFile(os.Args[1]))("format")
	must(0, json.Unmarshal(text, &envelope))("format")
	signed := []byte(fmt.Sprintf("DSSEv1 %d %s %d %s", len(envelope.PayloadType), envelope.PayloadType, len(envelope.Payload), envelope.Payload))
	if len(envelope.Signatures) == 0 || !ed25519.Verify(public, signed, envelope.Signatures[0].Sig) {
		refuse("signature", "it is not signed by "+verifier.Name())
	}
	var certificate statement
	must(0, json.Unmarshal(envelope.Payload, &certificate))("format")
	predicate := certificate.Predicate

	tree := checkpoint([]byte(predicate.Checkpoint), verifier, "checkpoint")
	cosigned := ""
	for at := 4; at < len(os.Args); at += 2 {
		one, err := newWitness(os.Args[at+1])
		if os.Args[at] != "--witness" || err != nil {
			fmt.Fprintln(os.Stderr, "not the public key of a witness: "+os.Args[at+1])
			os.Exit(2)
		}
		must(note.Open([]byte(predicate.Checkpoint), note.VerifierList(one)))("witness")
		cosigned += fmt.Sprintf("Cosigned by %s at %s\n", one.name, time.Unix(int64(one.time), 0).UTC().Format(time.RFC3339))
	}
	objects, leaves := []object{}, []leaf{}
	for _, certified := range predicate.Entries {
		must(0, tlog.CheckRecord(certified.Proof, tree.N, tree.Hash, certified.Index, tlog.RecordHash([]byte(certified.Entry))))("inclusion")
		var one leaf
		must(0, json.Unmarshal([]byte(certified.Entry), &one))("format")
		leaves = append(leaves, one)
		if len(objects) == 0 || objects[len(objects)-1] != one.Object {
			objects = append(objects, one.Object)
		}
	}

	// The archive's log continues the certificate's, and its tiles and entries are those that were signed.
	log := filepath.Join(archive, "tlog")
	own := checkpoint(must(os.ReadFile(filepath.Join(log, "checkpoint")))("log"), verifier, "log")
	if own.N < tree.N {
		refuse("rolled_back", fmt.Sprintf("the log has %d entries, the certificate's had %d", own.N, tree.N))
	}
	hashes := tlog.TileHashReader(own, tiles(log))
	must(tlog.TreeHash(own.N, hashes))("log")
	proof := must(tlog.ProveTree(own.N, tree.N, hashes))("log")
	must(0, tlog.CheckTree(proof, own.N, own.Hash, tree.N, tree.Hash))("forked")
	for index := int64(0); index < own.N; index += 256 {
		width := int(min(256, own.N-index))
		tile := tlog.Tile{H: 8, L: -1, N: index / 256, W: width}
		bundle := must(os.ReadFile(filepath.Join(log, strings.Replace(tile.Path(), "tile/8/data/", "tile/entries/", 1))))("log")
		for at := int64(0); at < int64(width); at++ {
			if len(bundle) < 2 || len(bundle) < 2+int(bundle[0])<<8+int(bundle[1]) {
				refuse("log", "a bundle of entries is cut")
			}
			length := 2 + int(bundle[0])<<8 + int(bundle[1])
			stored := must(hashes.ReadHashes([]int64{tlog.StoredHashIndex(0, index+at)}))("log")
			if tlog.RecordHash(bundle[2:length]) != stored[0] {
				refuse("log", fmt.Sprintf("entry %d differs from its hash", index+at))
			}
			bundle = bundle[length:]
		}
	}

	for _, one := range leaves {
		there := false
		for _, symbol := range one.Symbols {
			there = there || symbol.Symbol == predicate.Symbol
		}
		if !there || one.Kind != predicate.Kind || one.Venue != predicate.Venue {
			refuse("claims", "an entry is not of this symbol")
		}
	}
	if len(certificate.Subject) != len(objects) {
		refuse("claims", "its subjects are not the objects of its entries")
	}
	for at, subject := range certificate.Subject {
		if (object{subject.Name, subject.Digest.Sha256}) != objects[at] {
			refuse("claims", "its subjects are not the objects of its entries")
		}
		content := must(os.ReadFile(filepath.Join(archive, filepath.FromSlash(subject.Name))))("object")
		digest := sha256.Sum256(content)
		if expected := must(hex.DecodeString(subject.Digest.Sha256))("format"); !bytes.Equal(digest[:], expected) {
			refuse("object", subject.Name+" has another SHA-256 than its entry")
		}
	}
	fmt.Printf("ACCEPTED without its rows: %d objects under checkpoint %d\n%s", len(objects), tree.N, cosigned)
}
