#!/usr/bin/env node
/** The entry of the `enforce-tls` command: runs the command line and sets the exit code. */
import { explain, run } from './program.js'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads along may stop early, as `head` does.
  if (error.code !== 'EPIPE') process.exitCode = explain(error, process)
})
process.on('uncaughtException', (error) => process.exit(explain(error, process)))

void run(process.argv.slice(2), process).then((exitCode) => {
  process.exitCode = exitCode
})
