/** Every component is in runes mode. The name that tells a component's styles from those of others
 *  is short, since all scripts together have a bound. */
export default { compilerOptions: { runes: true, cssHash: ({ hash, filename }) => `s${hash(filename).slice(0, 4)}` } };
