/* Answers against the document's schemas, by ajv. On stdin {"document", "answers": [{"name", "schema", "body"}]},
 * on stdout a JSON list of what does not hold. Run where npm has put the packages. */
import {createRequire} from 'node:module';
import {readFileSync} from 'node:fs';
import path from 'node:path';

const require = createRequire(path.join(process.cwd(), 'package.json'));
const Ajv = require('ajv/dist/2020').default;
const {document, answers} = JSON.parse(readFileSync(0, 'utf8'));
const ajv = new Ajv({strict: false, allErrors: true});
require('ajv-formats').default(ajv);
ajv.addFormat('int64', {type: 'number', validate: Number.isInteger});
ajv.addFormat('double', {type: 'number', validate: Number.isFinite});
ajv.addSchema(document, 'doc');

const wrong = [];
for (const {name, schema, body} of answers) {
	const validate = ajv.compile({$ref: `doc#${schema}`});
	if (!validate(body))
		wrong.push(`${name}: ${ajv.errorsText(validate.errors.slice(0, 3))}`);
}
console.log(JSON.stringify(wrong));
