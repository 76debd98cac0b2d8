const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** True for the usual names of this machine. */
export const isLoopback = ({ hostname }: URL): boolean => LOOPBACK.test(hostname);
