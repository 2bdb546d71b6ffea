"""What is done to the agent, the browsers and the clients to see that nothing takes a job down."""
