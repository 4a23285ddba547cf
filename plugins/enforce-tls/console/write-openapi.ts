/** Part of the build: writes the OpenAPI document into the package, beside this file. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { openApiDocument } from './openapi.js'
import { ROUTES } from './routes.js'

writeFileSync(path.join(__dirname, 'openapi.json'), `${JSON.stringify(openApiDocument(ROUTES), null, 2)}\n`)
