/** Text that people or peers wrote, fit to be shown: the same escapes as in reports and mails. */
export { visible as plain } from 'enforce-tls/visible'
