/**
 * Debian's Exim as a receiving server that delivers into one maildir; the daemon in the foreground, without
 * any part of the machine's own mail system.
 */
import { join } from 'node:path'
import { startRealPeer, type RealPeer, type RealPeerOptions, type ServerKind } from './real-peer.js'

/** The name is compiled into Debian's program. */
const USER = 'Debian-exim'
/** Without root's rights it runs as whoever starts it. */
const UID = process.getuid?.() || 61_001

/** GnuTLS priority strings. */
const PRIORITIES = {
  'TLSv1.2': 'NORMAL:-VERS-ALL:+VERS-TLS1.2',
  'TLSv1.3': 'NORMAL:-VERS-ALL:+VERS-TLS1.3',
}

/** A receiving Exim. */
export const EXIM_KIND: ServerKind = {
  name: 'Exim',
  package: 'exim',
  accounts: [{ name: USER, id: UID }],
  folders: ['spool', 'mail', 'logs'],
  logFile: join('logs', 'main'),
  mailbox: 'mail',
  mailInTheClear: / MAIL without TLS from /,
  taken: / <= /,
  config: ({ folder, port, hostname, certificate, onlyVersion, keyFile, certificateFile }) => ({
    'exim.conf': [
      `primary_hostname = ${hostname}`,
      `exim_user = ${USER}`,
      `exim_group = ${USER}`,
      `spool_directory = ${join(folder, 'spool')}`,
      `log_file_path = ${join(folder, 'logs', '%s')}`,
      `pid_file_path = ${join(folder, 'spool', 'pid')}`,
      'log_selector = +tls_cipher +tls_sni +received_recipients',
      'keep_environment = LD_.* : NSS_WRAPPER_.*',
      'local_interfaces = 127.0.0.1',
      `daemon_smtp_ports = ${port}`,
      'daemon_startup_retries = 0',
      'deliver_drop_privilege',
      'host_lookup =',
      'rfc1413_hosts =',
      `tls_advertise_hosts = ${certificate ? '*' : ''}`,
      ...(certificate ? [`tls_certificate = ${certificateFile}`, `tls_privatekey = ${keyFile}`] : []),
      ...(onlyVersion ? [`tls_require_ciphers = ${PRIORITIES[onlyVersion]}`] : []),
      'acl_smtp_mail = check_mail',
      'acl_smtp_rcpt = accept',
      'begin acl',
      'check_mail:',
      '  warn condition = ${if eq{$tls_in_cipher}{}}',
      '       logwrite = MAIL without TLS from <$sender_address>',
      '  accept',
      'begin routers',
      'everybody:',
      '  driver = accept',
      '  transport = mailbox',
      'begin transports',
      'mailbox:',
      '  driver = appendfile',
      `  directory = ${join(folder, 'mail')}`,
      '  maildir_format',
      '  envelope_to_add',
      `  user = ${USER}`,
      '',
    ].join('\n'),
  }),
  command: ({ root, folder }) => ({
    command: join(root, 'usr/sbin/exim4'),
    args: ['-C', join(folder, 'exim.conf'), '-bdf'],
  }),
}

export async function startExim(options: RealPeerOptions): Promise<RealPeer> {
  return await startRealPeer(EXIM_KIND, options)
}
