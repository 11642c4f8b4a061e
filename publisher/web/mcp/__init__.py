"""MCP server: the operations of the API as tools for assistants, by stdio and HTTP.

Each tool is an operation of the API, asked within this process with the person's token: what no
token can do, no tool can. Only `server.py` needs the SDK of the Model Context Protocol.
"""
