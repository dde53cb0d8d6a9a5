// Package secret seals what must not lie readable in the database and makes the
// tokens that ucal gives out. It imports nothing of ours.
package secret

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// KeySize is the length of an encryption key in bytes.
const KeySize = 32

// Box seals and opens texts with AES-256-GCM. The first key seals, every key
// opens, so keys can be rotated. A Box is safe for concurrent use.
type Box struct {
	keys []key
}

type key struct {
	aead cipher.AEAD
	sign []byte // derived: signs API tokens
}

// NewBox takes one or more keys of 32 bytes.
func NewBox(keys ...[]byte) (*Box, error) {
	if len(keys) == 0 {
		return nil, errors.New("no encryption key: set UCAL_ENCRYPTION_KEY to 32 random bytes in base64 (`openssl rand -base64 32`)")
	}
	b := &Box{}
	for i, k := range keys {
		if len(k) != KeySize {
			return nil, fmt.Errorf("encryption key %d has %d bytes; UCAL_ENCRYPTION_KEY needs %d, written in base64 (`openssl rand -base64 32`)", i+1, len(k), KeySize)
		}
		block, err := aes.NewCipher(k)
		if err != nil {
			return nil, fmt.Errorf("encryption key %d: %w", i+1, err)
		}
		aead, err := cipher.NewGCM(block)
		if err != nil {
			return nil, fmt.Errorf("encryption key %d: %w", i+1, err)
		}
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte("ucal api token"))
		b.keys = append(b.keys, key{aead, mac.Sum(nil)})
	}
	return b, nil
}

// ParseKeys reads keys as the configuration holds them: base64, separated by commas.
func ParseKeys(s string) ([][]byte, error) {
	var keys [][]byte
	for i, part := range strings.Split(s, ",") {
		k, err := base64.StdEncoding.DecodeString(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("encryption key %d is not base64; make one with `openssl rand -base64 32`", i+1)
		}
		keys = append(keys, k)
	}
	return keys, nil
}

// Seal encrypts a text; the result is printable.
func (b *Box) Seal(plain string) string {
	aead := b.keys[0].aead
	nonce := Bytes(aead.NonceSize())
	return base64.StdEncoding.EncodeToString(aead.Seal(nonce, nonce, []byte(plain), nil))
}

// Open decrypts what Seal made. The error never holds the text.
func (b *Box) Open(sealed string) (string, error) {
	raw, err := base64.StdEncoding.DecodeString(sealed)
	if err != nil {
		return "", errors.New("sealed value is damaged")
	}
	for _, k := range b.keys {
		n := k.aead.NonceSize()
		if len(raw) < n {
			break
		}
		if plain, err := k.aead.Open(nil, raw[:n], raw[n:], nil); err == nil {
			return string(plain), nil
		}
	}
	return "", errors.New("sealed value does not open with the present UCAL_ENCRYPTION_KEY; add the key it was sealed with behind the first one")
}

// Claims are what a workspace API token says of itself.
type Claims struct {
	ID      int64  `json:"id"`
	SpaceID int64  `json:"spaceId"`
	OrgID   int64  `json:"orgId"`
	Type    string `json:"type"`
	IssueAt int64  `json:"iat"`
	JTI     string `json:"jti"` // 128 random bits
}

// SignToken makes a JWT (HS256). Its hash in the database decides whether it is
// accepted; the signature only lets clients read the claims.
func (b *Box) SignToken(c Claims) (string, error) {
	body, err := json.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("token claims: %w", err)
	}
	enc := base64.RawURLEncoding
	text := enc.EncodeToString([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + enc.EncodeToString(body)
	mac := hmac.New(sha256.New, b.keys[0].sign)
	mac.Write([]byte(text))
	return text + "." + enc.EncodeToString(mac.Sum(nil)), nil
}

// Hash is the form in which tokens are stored and looked up.
func Hash(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// Bytes returns n random bytes.
func Bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

// Token returns prefix + n random bytes in base64url.
func Token(prefix string, n int) string {
	return prefix + base64.RawURLEncoding.EncodeToString(Bytes(n))
}

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Key returns n random characters of base62.
func Key(n int) string {
	out := make([]byte, 0, n)
	for len(out) < n {
		for _, b := range Bytes(n) {
			if b < 248 && len(out) < n { // 248 = 4 × 62: no character is likelier than another
				out = append(out, base62[b%62])
			}
		}
	}
	return string(out)
}
