// A mail receiver that speaks SMTP with STARTTLS and a login: mail.mjs FOLDER
// Prints one line of JSON: {smtp, http, ca}. See README.md.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const folder = process.argv[2];
fs.mkdirSync(folder, { recursive: true });
const file = (name) => path.join(folder, name);
const openssl = (...args) => execFileSync('openssl', args, { stdio: 'pipe' });
openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=rig CA',
  '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', file('ca.key'), '-out', file('ca.pem'));
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-keyout', file('tls.key'), '-out', file('tls.csr'));
fs.writeFileSync(file('tls.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
openssl('x509', '-req', '-days', '2', '-in', file('tls.csr'), '-CA', file('ca.pem'), '-CAkey', file('ca.key'),
  '-CAcreateserial', '-extfile', file('tls.ext'), '-out', file('tls.pem'));

const mails = [];
const smtp = new SMTPServer({
  key: fs.readFileSync(file('tls.key')),
  cert: fs.readFileSync(file('tls.pem')),
  authMethods: ['PLAIN', 'LOGIN'],
  onAuth(auth, session, done) {
    const known = session.secure && auth.username === 'catalyst' && auth.password === 'rig';
    done(known ? null : new Error('unknown user'), { user: auth.username });
  },
  onData(stream, session, done) {
    simpleParser(stream).then((mail) => {
      mails.push({
        to: session.envelope.rcptTo.map((one) => one.address.toLowerCase()),
        subject: mail.subject, text: mail.text, html: mail.html || '', secure: session.secure,
      });
      done();
    }, done);
  },
});
const api = http.createServer((request, response) => {
  const to = new URL(request.url, 'http://x').searchParams.get('to');
  const found = mails.filter((mail) => !to || mail.to.includes(to.toLowerCase()));
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(found));
});
smtp.on('error', (error) => console.error('smtp:', error.message));
smtp.listen(0, '127.0.0.1', () => api.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ smtp: smtp.server.address().port, http: api.address().port, ca: file('ca.pem') }));
}));
