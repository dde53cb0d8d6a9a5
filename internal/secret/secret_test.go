package secret

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBox(t *testing.T) {
	old, present := Bytes(KeySize), Bytes(KeySize)
	first, err := NewBox(old)
	require.NoError(t, err)
	sealed := first.Seal("cht_secret")
	require.NotContains(t, sealed, "secret")

	t.Run("rotated key still opens", func(t *testing.T) {
		both, err := NewBox(present, old)
		require.NoError(t, err)
		plain, err := both.Open(sealed)
		require.NoError(t, err)
		require.Equal(t, "cht_secret", plain)
	})
	t.Run("another key does not, and says how to mend it", func(t *testing.T) {
		other, err := NewBox(present)
		require.NoError(t, err)
		_, err = other.Open(sealed)
		require.ErrorContains(t, err, "UCAL_ENCRYPTION_KEY")
	})
	t.Run("damaged", func(t *testing.T) {
		_, err := first.Open("%%%")
		require.Error(t, err)
		_, err = first.Open("AAAA")
		require.Error(t, err)
	})
	t.Run("wrong key length", func(t *testing.T) {
		_, err := NewBox([]byte("short"))
		require.ErrorContains(t, err, "32")
		_, err = NewBox()
		require.ErrorContains(t, err, "UCAL_ENCRYPTION_KEY")
		_, err = ParseKeys("not base64!")
		require.Error(t, err)
	})
}

func TestTokens(t *testing.T) {
	b, err := NewBox(Bytes(KeySize))
	require.NoError(t, err)
	tok, err := b.SignToken(Claims{ID: 1, SpaceID: 2, JTI: "x"})
	require.NoError(t, err)
	require.Len(t, strings.Split(tok, "."), 3)
	require.Len(t, Key(22), 22)
	require.NotEqual(t, Key(22), Key(22))
	require.True(t, strings.HasPrefix(Token("cht_", 32), "cht_"))
	require.Len(t, Hash(tok), 64)
}
