// Bluesky's own server (a PDS) and a directory of DIDs for it, on loopback.
//
// `node server.js FOLDER`: writes its address as one line of JSON to stdout once both answer, and
// runs until its standard input is closed. It has no AppView, no crawler and no e-mail: nothing
// leaves loopback.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

import pds from '@atproto/pds'
import plc from '@did-plc/server'

const HOST = '127.0.0.1'

async function freePort() {
  const probe = createServer().listen(0, HOST)
  await once(probe, 'listening')
  const { port } = probe.address()
  probe.close()
  await once(probe, 'close')
  return port
}

const [folder] = process.argv.slice(2)
const [plcPort, port, nobody] = [await freePort(), await freePort(), await freePort()]

const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: plcPort })
await directory.start()

const env = {
  port,
  hostname: 'localhost',
  serviceHandleDomains: ['.test'],
  serviceDid: 'did:web:localhost',
  devMode: true,
  dataDirectory: folder,
  blobstoreDiskLocation: join(folder, 'blobs'),
  blobstoreDiskTmpLocation: join(folder, 'temporary'),
  didPlcUrl: `http://${HOST}:${plcPort}`,
  bskyAppViewUrl: `http://${HOST}:${nobody}`,
  bskyAppViewDid: 'did:web:localhost',
  inviteRequired: false,
  enableDidDocWithSession: true,
  disableSsrfProtection: true,
  rateLimitsEnabled: true,
  rateLimitBypassKey: 'tests',
  crawlers: [],
  jwtSecret: randomBytes(16).toString('hex'),
  adminPassword: randomBytes(16).toString('hex'),
  plcRotationKeyK256PrivateKeyHex: randomBytes(32).toString('hex'),
}
const server = await pds.PDS.create(pds.envToCfg(env), pds.envToSecrets(env))
await server.start()
console.log(JSON.stringify({ address: `http://${HOST}:${port}` }))

process.stdin.resume()
await once(process.stdin, 'close')
process.exit(0)
