"""One call of ListInstanceModel: sign, send, retry, parse the response."""
