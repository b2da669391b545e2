"""JSON-RPC 2.0 over a unix socket: the face that scripts, bots and the command line share."""
