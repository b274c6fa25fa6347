/** What a program may import from the `isthmus` command's package. The command itself is `isthmus`. */
export { type Instances, type InstancesOptions, startInstances } from './instances.ts';
