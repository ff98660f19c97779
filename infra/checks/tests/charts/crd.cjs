// Checks objects, read as a JSON list from standard input, against the schemas of their CRDs as
// @kubernetes-models publishes them. Prints one line for each fault. Unknown fields are not faults there.
const groups = {
  'cert-manager.io': 'cert-manager',
  'external-secrets.io': 'external-secrets',
  'gateway.networking.k8s.io': 'gateway-api',
  'generators.external-secrets.io': 'external-secrets',
  'kyverno.io': 'kyverno',
  'monitoring.coreos.com': 'prometheus-operator',
  'postgresql.cnpg.io': 'cloudnative-pg',
};
let text = '';
process.stdin.on('data', (part) => (text += part));
process.stdin.on('end', () => {
  for (const { who, object } of JSON.parse(text)) {
    const [group, version] = object.apiVersion.split('/');
    if (!groups[group]) {
      console.log(`${who}: no schema for ${object.apiVersion}`);
      continue;
    }
    // By path: not every package exports its folders by name.
    const folder = `${process.env.NODE_PATH}/@kubernetes-models/${groups[group]}/${group}/${version}`;
    let kind;
    try {
      kind = require(`${folder}/index.js`)[object.kind];
    } catch (error) {
      console.log(`${who}: ${error.message.split('\n')[0]}`);
    }
    if (!kind) {
      console.log(`${who}: no ${object.kind} in ${object.apiVersion}`);
      continue;
    }
    try {
      new kind(object).validate();
    } catch (error) {
      console.log(`${who}: ${error.message}`);
    }
  }
});
