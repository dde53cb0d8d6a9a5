// Package api is ucal's HTTP side: the Developer API v2, the webhooks of the
// channels and the service endpoints.
//
// It decides nothing: it finds out who calls, reads the request, calls package
// desk and gives the answer its wire shape. Operations are data (operation.go);
// each area has one file with its list of operations, its wire shapes and its
// handlers. A new area is one file and one line in areas.go.
//
// It must not import workflows, activities, worker, store, Temporal or GORM.
// Start reading at server.go, then operation.go, then one area, for example team.go.
package api
