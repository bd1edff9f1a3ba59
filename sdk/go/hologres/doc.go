// The Hologres AI nodes of a region: which exist, what they have free and when they expire. Nothing is ever created, changed or deleted at the service.
package hologres
