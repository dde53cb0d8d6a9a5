package store

import (
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// ForUpdate makes the next query of tx lock the rows it finds until the
// transaction ends. On SQLite the single writer has locked everything already.
func ForUpdate(tx *gorm.DB) *gorm.DB {
	if isSQLite(tx) {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// SkipLocked is ForUpdate that leaves out rows which another transaction holds.
// On SQLite there is never another one.
func SkipLocked(tx *gorm.DB) *gorm.DB {
	if isSQLite(tx) {
		return tx
	}
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate, Options: clause.LockingOptionsSkipLocked})
}

// LockSuffix is what ForUpdate adds, for the end of raw SQL: " FOR UPDATE" or "".
func LockSuffix(tx *gorm.DB) string {
	if isSQLite(tx) {
		return ""
	}
	return " FOR UPDATE"
}

func isSQLite(tx *gorm.DB) bool { return tx.Name() == string(SQLite) }
