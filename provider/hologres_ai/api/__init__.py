"""Call ListInstanceModel: sign and send the request, retry it, and parse the response."""
